import { createHash } from 'node:crypto'
import { crc32, deflateRawSync } from 'node:zlib'
import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from '@jest/globals'
import yazl from 'yazl'
import { inspectPackage, packageEntries, type PackageFile } from './deployment-package.ts'
import { forge, link, type Forged } from './testing/forged-zip.ts'

const couldNotUnzip = 'Could not unzip uploaded file. Please check your file, then try to upload again.'
const tooLarge = 'Unzipped size must be smaller than 262144000 bytes'

const zeros = (megabytes: number) => Buffer.alloc(megabytes * 1024 * 1024)

async function zipped(fill: (zip: yazl.ZipFile) => void, forceZip64 = false): Promise<Buffer> {
  const zip = new yazl.ZipFile()
  fill(zip)
  zip.end({ forceZip64Format: forceZip64, comment: '' })
  return buffer(zip.outputStream)
}

const fileOf = async (zip: Buffer, path: string) =>
  (await packageEntries(zip)).find((entry) => entry.path === path) as PackageFile

describe('a deployment package', () => {
  test('answers hash, sizes and number of entries', async () => {
    const zip = await zipped((archive) => {
      archive.addBuffer(Buffer.from('exports.handler = 1'), 'index.js')
      archive.addEmptyDirectory('lib')
    })
    const sha256 = createHash('sha256').update(zip).digest('base64')
    expect(await inspectPackage(zip)).toEqual({ sha256, sizeBytes: zip.length, unzippedBytes: 19, entries: 2 })
  })

  test('keeps modes, links, times and content', async () => {
    const mtime = new Date('2024-02-03T04:05:06Z')
    const zip = await zipped((archive) => {
      archive.addBuffer(Buffer.from('#!/bin/sh'), 'bin/run', { mode: 0o100750, mtime })
      archive.addBuffer(Buffer.from('bin/run'), 'start', { mode: 0o120777, mtime })
    })
    const [run, start] = await packageEntries(zip)
    expect(run).toMatchObject({ kind: 'file', path: 'bin/run', mode: 0o750, modifiedMs: mtime.getTime(), sizeBytes: 9 })
    expect((run as PackageFile).read().toString()).toBe('#!/bin/sh')
    expect(start).toMatchObject({ kind: 'link', path: 'start', target: 'bin/run' })
  })

  test('drops set-user bits', async () => {
    expect((await fileOf(forge([{ name: 'su', mode: 0o104755 }]), 'su')).mode).toBe(0o755)
  })

  test('made on Windows gets 0644 and 0755', async () => {
    const [file, folder] = await packageEntries(
      forge([
        { name: 'a', madeBy: 0 },
        { name: 'b/', madeBy: 0, data: Buffer.alloc(0) },
      ]),
    )
    expect(file).toMatchObject({ kind: 'file', mode: 0o644 })
    expect(folder).toMatchObject({ kind: 'folder', path: 'b', mode: 0o755 })
  })

  test('may be zip64, start with other bytes, have a comment, or hold names that begin with a dot', async () => {
    const zip64 = await zipped((archive) => {
      archive.addBuffer(Buffer.from('one'), 'a.txt', { forceZip64Format: true })
    }, true)
    expect((await fileOf(zip64, 'a.txt')).read().toString()).toBe('one')
    const selfExtracting = Buffer.concat([
      Buffer.from('#!/usr/bin/env run\n'),
      forge([{ name: './a' }], { comment: 'hello' }),
    ])
    expect((await fileOf(selfExtracting, 'a')).read().toString()).toBe('x')
    expect(await inspectPackage(Buffer.concat([Buffer.from('prefix'), zip64]))).toMatchObject({ unzippedBytes: 3 })
  })

  test('may hold sizes behind the data, as streaming writers put them', async () => {
    const zip = new yazl.ZipFile()
    const { Readable } = await import('node:stream')
    zip.addReadStream(Readable.from([Buffer.from('streamed')]), 'a')
    zip.end()
    expect((await fileOf(await buffer(zip.outputStream), 'a')).read().toString()).toBe('streamed')
  })

  test('names without a mark are UTF-8 where they can be, else code page 437', async () => {
    const entries = await packageEntries(forge([{ name: 'größe' }, { name: Buffer.from([0x61, 0x84]) }]))
    expect(entries.map(({ path }) => path)).toEqual(['größe', 'aä'])
  })

  test('large files are read in pieces and checked', async () => {
    const data = zeros(3).fill('abc')
    const chunks: Buffer[] = []
    for await (const chunk of (await fileOf(forge([{ name: 'big', data }]), 'big')).chunks()) chunks.push(chunk)
    expect(Buffer.concat(chunks).equals(data)).toBe(true)
    const stored = forge([{ name: 'big', data, method: 0 }])
    expect(await inspectPackage(stored)).toMatchObject({ unzippedBytes: data.length })
  })

  test('links may lead anywhere inside, by way of other links too, and dangle', async () => {
    const zip = forge([
      { name: 'v1/lib/a' },
      link('current', 'v1'),
      link('v1/up', '..'),
      link('b', 'current/lib/a'),
      link('c', 'v1/none/../x'),
    ])
    expect(await inspectPackage(zip)).toMatchObject({ entries: 5 })
  })
})

describe('a deployment package keeps', () => {
  test.each(['/opt/nodejs/node_modules', '../../elsewhere', 'd/up/..', 'a'])('a link to %s', async (target) => {
    const entries = await packageEntries(forge([link('a', target), link('d/up', '..')]))
    expect(entries[0]).toMatchObject({ kind: 'link', path: 'a', target })
  })

  test('backslashes as separators in names of Windows that have no slash, and as characters in others', async () => {
    const onWindows = { madeBy: 0 }
    const entries = await packageEntries(
      forge([
        { name: 'www\\css\\', data: Buffer.alloc(0), ...onWindows },
        { name: 'www\\css\\app.css', ...onWindows },
        { name: 'lib/a\\b', ...onWindows },
        { name: '..\\unix' },
      ]),
    )
    expect(entries.map(({ kind, path }) => [kind, path])).toEqual([
      ['folder', 'www/css'],
      ['file', 'www/css/app.css'],
      ['file', 'lib/a\\b'],
      ['file', '..\\unix'],
    ])
  })
})

describe('a deployment package is read as by unzip', () => {
  const pathsOf = async (zip: Buffer) => (await packageEntries(zip)).map(({ kind, path }) => [kind, path])
  const textOf = async (zip: Buffer, path: string) => (await fileOf(zip, path)).read().toString()
  const nothing = Buffer.alloc(0)

  test('of several entries with the same name the last one counts', async () => {
    const twice = forge([
      { name: 'a/b', data: Buffer.from('1') },
      { name: 'c' },
      { name: 'a//./b', data: Buffer.from('2') },
    ])
    expect(await pathsOf(twice)).toEqual([
      ['file', 'c'],
      ['file', 'a/b'],
    ])
    expect(await textOf(twice, 'a/b')).toBe('2')
    expect(await pathsOf(forge([link('a', '/etc/passwd'), { name: 'a' }]))).toEqual([['file', 'a']])
    expect(await pathsOf(forge([{ name: 'a' }, link('a', 'b')]))).toEqual([['link', 'a']])
    const folders = [{ name: 'd/', data: nothing }, { name: 'd/x' }, { name: 'd/', data: nothing }]
    expect(await pathsOf(forge(folders))).toEqual([
      ['file', 'd/x'],
      ['folder', 'd'],
    ])
  })

  test('drive letters are names of folders', async () => {
    const zip = forge([{ name: 'C:/x' }, { name: 'D:\\y\\z', madeBy: 0 }, { name: 'E:\\unix' }])
    expect(await pathsOf(zip)).toEqual([
      ['file', 'C:/x'],
      ['file', 'D:/y/z'],
      ['file', 'E:\\unix'],
    ])
  })

  test('devices, pipes and links without a target are files, and a folder has no data', async () => {
    const zip = forge([
      { name: 'device', mode: 0o020644 },
      { name: 'pipe', mode: 0o010600 },
      link('link', ''),
      { name: 'folder/' },
      link('linked/', 'x'),
    ])
    expect(await pathsOf(zip)).toEqual([
      ['file', 'device'],
      ['file', 'pipe'],
      ['file', 'link'],
      ['folder', 'folder'],
      ['folder', 'linked'],
    ])
  })

  test.each([
    ['bytes behind the archive', Buffer.concat([forge([{ name: 'a' }]), Buffer.alloc(70_000)])],
    [
      'bytes that look like an end behind the archive',
      Buffer.concat([forge([{ name: 'a' }]), Buffer.from('PK\x05\x06'.padEnd(30, '-'))]),
    ],
    ['a comment that is shorter than it says', forge([{ name: 'a' }], { comment: 'comment' }).subarray(0, -3)],
    ['a comment with the mark of an end', forge([{ name: 'a' }], { comment: 'PK\x05\x06'.padEnd(30, '-') })],
    ['a signature behind the directory', forge([{ name: 'a' }], { behindEntries: 'PK\x05\x05\x04\0sign' })],
    ['another name in its header', forge([{ name: 'a', localName: 'b' }])],
    ['the flags of patches and masked headers', forge([{ name: 'a', flags: 0x2020 }])],
  ])('%s is no fault', async (_, zip) => {
    expect(await pathsOf(zip)).toEqual([['file', 'a']])
    expect(await inspectPackage(zip)).toMatchObject({ unzippedBytes: 1 })
  })

  test('permissions of entries made on Windows count if they fit the attributes of the file', async () => {
    const modeOf = async (attributes: number, name = 'a') => {
      const data = name.endsWith('/') ? nothing : Buffer.from('x')
      const [entry] = await packageEntries(forge([{ name, attributes, madeBy: 0, data }]))
      return entry?.kind === 'link' ? undefined : entry?.mode.toString(8)
    }
    expect(await modeOf(0)).toBe('644')
    expect(await modeOf(0o100600 << 16)).toBe('600')
    expect(await modeOf(0o100755 << 16)).toBe('644')
    expect(await modeOf(1)).toBe('444')
    expect(await modeOf((0o100440 << 16) | 1)).toBe('440')
    expect(await modeOf((0o040750 << 16) | 0x10, 'd/')).toBe('750')
    expect(await modeOf(0x10, 'd/')).toBe('755')
  })

  test('the Unicode name of an entry counts, unless it is for another name', async () => {
    const unicode = (of: string) => {
      const field = Buffer.alloc(9)
      const name = Buffer.from('größe')
      field.writeUInt16LE(0x7075, 0)
      field.writeUInt16LE(5 + name.length, 2)
      field.writeUInt8(1, 4)
      field.writeUInt32LE(crc32(of), 5)
      return Buffer.concat([field, name])
    }
    expect(await pathsOf(forge([{ name: 'gr__e', extra: unicode('gr__e') }]))).toEqual([['file', 'größe']])
    expect(await pathsOf(forge([{ name: 'gr__e', extra: unicode('other') }]))).toEqual([['file', 'gr__e']])
  })
})

describe('a deployment package is refused as one that cannot be unzipped', () => {
  const good = forge([{ name: 'index.js', data: Buffer.from('exports.handler = async () => 1') }])
  const flipped = Buffer.from(good)
  flipped[45] = (flipped[45] ?? 0) ^ 0xff
  const cases: Record<string, Buffer> = {
    'no zip in it': Buffer.from('this is not a zip'),
    'one byte only': Buffer.from('P'),
    'its end cut off': good.subarray(0, good.length - 30),
    'its beginning gone': good.subarray(10),
    'damaged data': flipped,
    'a wrong checksum': forge([{ name: 'a', crc: 1 }]),
    'a wrong checksum of a large file': forge([{ name: 'a', data: zeros(2), crc: 1 }]),
    'damaged data of a large file': forge([{ name: 'a', packed: Buffer.from('\xff\xffnonsense'), sizeBytes: 2 ** 21 }]),
    'less data than declared': forge([{ name: 'a', sizeBytes: 500 }]),
    'less data than declared, stored': forge([{ name: 'a', sizeBytes: 500, method: 0 }]),
    'an encrypted entry': forge([{ name: 'a', flags: 1 }]),
    'a strongly encrypted entry': forge([{ name: 'a', flags: 0x40 }]),
    'a name that climbs by backslashes to a drive': forge([{ name: 'C:\\..\\..\\x', madeBy: 0 }]),
    'a file in place of a folder': forge([{ name: 'a/b' }, { name: 'a' }]),
    'a folder in place of a file': forge([{ name: 'a' }, { name: 'a/', data: Buffer.alloc(0) }]),
    'an entry behind a link that comes twice': forge([link('a', 'b'), link('a', '..'), { name: 'a/x' }]),
    'a directory that is not where its end says': Buffer.concat([
      good.subarray(0, good.length - 23),
      good.subarray(good.length - 22),
      Buffer.from('tail'),
    ]),
    'unknown compression': forge([{ name: 'a', method: 12 }]),
    'a file that is a folder too': forge([{ name: 'a' }, { name: 'a/b' }]),
    'an absolute name': forge([{ name: '/etc/passwd' }]),
    'a climbing name': forge([{ name: 'a/../../x' }]),
    'a name that climbs and comes back': forge([{ name: 'a/../b' }]),
    'a name that climbs by backslashes': forge([{ name: '..\\x', madeBy: 0 }]),
    'a NUL': forge([{ name: 'a\0b' }]),
    'an empty name': forge([{ name: '' }]),
    'a name too long for a file': forge([{ name: 'x'.repeat(256) }]),
    'a NUL in the target of a link': forge([link('a', 'b\0c')]),
    'an entry behind a link': forge([link('a', 'b'), { name: 'a/x' }, { name: 'b/y' }]),
    'an entry behind a link that leads out': forge([link('a', '/etc'), { name: 'a/passwd' }]),
    'an entry behind a link by backslashes': forge([link('a', '/etc'), { name: 'a\\passwd', madeBy: 0 }]),
    'an entry before the link that it is behind': forge([{ name: 'a/b/x' }, link('a/b', '../..')]),
    'a link in place of a folder': forge([{ name: 'a/x' }, link('a', 'b')]),
    'fewer entries than it says': forge([{ name: 'a' }], { count: 2 }),
    'more entries than it says': forge([{ name: 'a' }, { name: 'b' }], { count: 1 }),
  }
  for (const [what, zip] of Object.entries(cases)) {
    test(`with ${what}`, async () => {
      await expect(inspectPackage(zip)).rejects.toMatchObject({
        name: 'InvalidParameterValueException',
        message: couldNotUnzip,
      })
    })
  }
})

describe('a deployment package is refused as too large', () => {
  const bomb = deflateRawSync(zeros(64))
  const overlapping: Forged[] = [{ name: 'a' }, { name: 'a', sharesWith: 0 }]
  const cases: Record<string, Buffer> = {
    'by declared sizes': forge(
      Array.from({ length: 5 }, (_, index) => ({ name: String(index), packed: bomb, sizeBytes: 64 * 2 ** 20 })),
    ),
    'when it inflates to more than it says': forge([{ name: 'a', packed: bomb, sizeBytes: 10 }]),
    'when a large entry inflates to more than it says': forge([{ name: 'a', packed: bomb, sizeBytes: 2 ** 21 }]),
    'when entries share data': forge(overlapping),
    'by the number of its folders': forge(
      Array.from({ length: 200 }, (_, index) => ({
        name: `${String(index)}/${'a/'.repeat(1400)}`,
        data: Buffer.alloc(0),
      })),
    ),
  }
  for (const [what, zip] of Object.entries(cases)) {
    test(what, async () => {
      await expect(inspectPackage(zip)).rejects.toMatchObject({
        name: 'InvalidParameterValueException',
        message: tooLarge,
      })
    })
  }

  test('when layers leave less space', async () => {
    const zip = forge([{ name: 'a', data: zeros(1) }])
    await expect(inspectPackage(zip, { unzippedBytes: 1000 })).rejects.toMatchObject({ message: tooLarge })
  })

  test('when it is too large zipped', async () => {
    await expect(inspectPackage(Buffer.alloc(52_428_801))).rejects.toMatchObject({
      status: 413,
      name: 'RequestEntityTooLargeException',
      message: 'Zipped size must be smaller than 52428800 bytes',
    })
  })

  test('and as empty when nothing is in it', async () => {
    const message = 'Uploaded file must be a non-empty zip'
    await expect(inspectPackage(forge([]))).rejects.toMatchObject({ message })
    await expect(inspectPackage(Buffer.alloc(0))).rejects.toMatchObject({ message })
  })
})
