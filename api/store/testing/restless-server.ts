/**
 * A server for the test that kills it: creates, updates and removes functions and adds events without end, several at once,
 * and prints each thing once it was answered. Arguments: data folder, and the round.
 */
import { writeSync } from 'node:fs'
import { anEvent } from '../../events/testing/samples.ts'
import { aFunction, aPackage, aVersion } from '../../functions/testing/samples.ts'
import { openDiskCodeStore } from '../code/disk-code-store.ts'
import { openEmbeddedStore } from '../embedded/embedded-store.ts'

const [dataFolder = '', round = ''] = process.argv.slice(2)
const store = openEmbeddedStore(dataFolder)
const code = openDiskCodeStore(dataFolder)

function answered(line: string): void {
  writeSync(1, `${line}\n`)
}

/** Every fifth step removes the function; the others save it under the step's number, with a version and code of its own. */
async function takeStep(name: string, step: number): Promise<void> {
  const present = await store.catalogue.find(name)
  const expectedRevision = present?.revision ?? 0
  if (step % 5 === 4) {
    await store.catalogue.remove(name, expectedRevision)
    return
  }
  const files = Array.from({ length: 20 }, (_, index) => [
    `lib/${String(index)}.js`,
    `${name} ${String(step)}`.repeat(50),
  ])
  const { sha256, zip } = await aPackage(Object.fromEntries(files) as Record<string, string>)
  await code.put(sha256, zip)
  const version = { ...aVersion(String(step)), code: { sha256, sizeBytes: zip.length } }
  const record = aFunction(name, { latest: { ...version, version: '$LATEST' }, versions: [version.version] })
  await store.catalogue.save({
    record,
    expectedRevision,
    versions: [version],
    removedVersions: present?.value.versions ?? [],
  })
  await code.unpacked(sha256)
}

async function changeFunction(name: string): Promise<never> {
  for (let step = 0; ; step++) {
    await takeStep(name, step)
    answered(`step ${name} ${String(step)}`)
  }
}

async function addEvents(source: string): Promise<never> {
  for (let index = 0; ; index++) {
    const id = `${source}-${String(index)}`
    await store.events.add(anEvent(source, id))
    answered(`event ${id}`)
  }
}

const names = ['a', 'b', 'c'].map((letter) => `${letter}${round}`)
await Promise.all([...names.map(changeFunction), ...names.map(addEvents)])
