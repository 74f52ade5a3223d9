import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { inspectPackage, packageEntries, type PackageEntry } from './deployment-package.ts'
import { forge, link, type Forged } from './testing/forged-zip.ts'
import { hasProgram, packedFiles, writePackedFiles, zipTools } from './testing/zip-tools.ts'

const folder = mkdtempSync(join(tmpdir(), 'kubelambda-zips-'))
const packed = join(folder, 'packed')
let zipCount = 0

beforeAll(() => {
  writePackedFiles(packed)
  writePackedFiles(join(folder, 'with-link'), true)
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

function packWith(way: string, from = packed): Buffer {
  const zip = join(folder, `${String(++zipCount)}.zip`)
  execFileSync('bash', ['-c', way], { cwd: from, env: { ...process.env, TARGET: zip }, timeout: 60_000 })
  return readFileSync(zip)
}

async function textsOf(zip: Buffer): Promise<Record<string, string>> {
  const files = (await packageEntries(zip)).filter((entry) => entry.kind === 'file')
  return Object.fromEntries(files.map((file) => [file.path, file.read().toString()]))
}

for (const { program, probe, ways } of zipTools) {
  const [each, word] = hasProgram(program, probe) ? [test.each, ''] : [test.skip.each, ` (skipped: no ${program})`]
  describe(`a package by ${program}`, () => {
    each(ways)(
      `is read whole, way %#${word}`,
      async (way) => {
        const zip = packWith(way)
        await inspectPackage(zip)
        const { 'META-INF/MANIFEST.MF': _manifest, ...texts } = await textsOf(zip)
        expect(texts).toEqual(packedFiles)
      },
      60_000,
    )
  })
}

const hasZip = hasProgram('zip', ['-v'])
const hasUnzip = hasProgram('unzip', ['-v'])
const withZip = hasZip ? test : test.skip
const withUnzip = hasUnzip ? test.each : test.skip.each

withZip(`links and permissions of zip are kept${hasZip ? '' : ' (skipped: no zip)'}`, async () => {
  const entries = await packageEntries(packWith('zip -qry "$TARGET" .', join(folder, 'with-link')))
  expect(entries.find(({ path }) => path === 'link')).toMatchObject({ kind: 'link', target: 'bootstrap' })
  expect(entries.find(({ path }) => path === 'bootstrap')).toMatchObject({ kind: 'file', mode: 0o755 })
})

withZip(`an entry with a password is refused${hasZip ? '' : ' (skipped: no zip)'}`, async () => {
  await expect(inspectPackage(packWith('zip -qrP secret "$TARGET" index.js'))).rejects.toThrow('Could not unzip')
})

const nothing = Buffer.alloc(0)
const odd: Record<string, { readonly entries: Forged[]; readonly tail?: string }> = {
  'a name twice': { entries: [{ name: 'a' }, { name: 'a', data: Buffer.from('new') }] },
  'a file after a link of its name': { entries: [link('a', 'b'), { name: 'a', data: Buffer.from('new') }] },
  'a link after a file of its name': { entries: [{ name: 'a' }, link('a', 'b')] },
  'a folder twice': {
    entries: [
      { name: 'd/', data: nothing, mode: 0o040755 },
      { name: 'd/', data: nothing, mode: 0o040755 },
      { name: 'd/x' },
    ],
  },
  'a drive letter': { entries: [{ name: 'C:/x' }] },
  'a drive letter of Windows': { entries: [{ name: 'C:\\x\\y', madeBy: 0, attributes: 0 }] },
  'backslashes of Windows': { entries: [{ name: 'a\\b', madeBy: 0, attributes: 0 }] },
  'backslashes of Unix': { entries: [{ name: 'a\\b' }] },
  'a device': { entries: [{ name: 'a', mode: 0o020644 }] },
  'a pipe': { entries: [{ name: 'a', mode: 0o010600 }] },
  'a link without a target': { entries: [link('a', '')] },
  'a link that leads out': { entries: [link('a', '/opt/nodejs/node_modules')] },
  'a folder with data': { entries: [{ name: 'd/', mode: 0o040755 }] },
  'a read-only file of Windows': { entries: [{ name: 'a', madeBy: 0, attributes: 1 }] },
  'an executable of Windows': { entries: [{ name: 'a', madeBy: 0, attributes: 0o100755 << 16 }] },
  'a private file of Windows': { entries: [{ name: 'a', madeBy: 0, attributes: 0o100600 << 16 }] },
  'doubled slashes and dots': { entries: [{ name: './a//b/./c' }] },
  'another name in its header': { entries: [{ name: 'a', localName: 'b' }] },
  'bytes behind it': { entries: [{ name: 'a' }], tail: 'x'.repeat(70_000) },
}

withUnzip(Object.keys(odd))(
  `with %s a package becomes what unzip makes of it${hasUnzip ? '' : ' (skipped: no unzip)'}`,
  async (what) => {
    const { entries = [], tail = '' } = odd[what] ?? {}
    const zip = Buffer.concat([forge(entries), Buffer.from(tail)])
    expect(filesIn(await packageEntries(zip))).toEqual(unzipped(zip))
  },
)

function filesIn(entries: readonly PackageEntry[]): string[] {
  return entries
    .flatMap((entry) => {
      if (entry.kind === 'folder') return []
      return [entry.kind === 'link' ? `l ${entry.path} ${entry.target}` : `f ${entry.path} ${entry.mode.toString(8)}`]
    })
    .sort()
}

/** The files and links that unzip makes, which may warn. */
function unzipped(zip: Buffer): string[] {
  const name = String(++zipCount)
  const target = join(folder, name)
  mkdirSync(target)
  writeFileSync(`${target}.zip`, zip)
  const shell = `umask 022; unzip -o -qq ../${name}.zip; [ $? -le 1 ] && find . -type f -printf 'f %P %m\\n' -o -type l -printf 'l %P %l\\n'`
  const { stdout } = spawnSync('bash', ['-c', shell], { cwd: target, encoding: 'utf8', input: '' })
  return stdout
    .split('\n')
    .filter((line) => /^[fl] /.test(line))
    .sort()
}
