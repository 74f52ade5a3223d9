import { expect, test } from '@jest/globals'
import { inspectPackage, packageEntries, type PackageEntry } from './deployment-package.ts'
import { recordedZips } from './testing/recorded-zips.ts'

test.each(Object.entries(recordedZips))('a package by %s is read', async (_, recorded) => {
  const zip = Buffer.from(recorded.zip, 'base64')
  expect(await inspectPackage(zip)).toMatchObject({ sizeBytes: zip.length })
  expect((await packageEntries(zip)).map(described).sort()).toEqual(recorded.entries)
})

function described(entry: PackageEntry): string {
  if (entry.kind === 'link') return `link ${entry.path} ${entry.target}`
  const start = `${entry.kind} ${entry.path} ${entry.mode.toString(8)}`
  return entry.kind === 'folder' ? start : `${start} ${entry.read().toString()}`
}
