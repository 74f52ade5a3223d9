import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import yazl from 'yazl'
import { layerStackSha256, type CodeStore } from './code-store.ts'
import { aPackage, finished } from '../testing/samples.ts'

const modified = new Date('2024-05-06T07:08:10Z')

/** The code store under test, empty at first. */
export interface OpenedCodeStore {
  readonly code: CodeStore
  /** Closes this one and opens another one on the same data. */
  reopen(): CodeStore
  passMinutes(minutes: number): void
  /** An archive that was not used for this long is removed. */
  readonly graceMinutes: number
  close(): void
}

function withModesAndLinks(): Promise<{ sha256: string; zip: Buffer }> {
  const archive = new yazl.ZipFile()
  const add = (path: string, content: string | Buffer, mode: number) => {
    archive.addBuffer(Buffer.from(content as string), path, { mode, mtime: modified })
  }
  add('bin/run', '#!/bin/sh', 0o100755)
  add('open', 'x', 0o100666)
  add('closed', 'x', 0o100400)
  add('start', 'bin/run', 0o120777)
  add('large', Buffer.alloc(3_000_000, 'abcd'), 0o100640)
  archive.addEmptyDirectory('private', { mode: 0o040700, mtime: modified })
  archive.addEmptyDirectory('bin', { mode: 0o040750, mtime: modified })
  return finished(archive)
}

/** The files below a folder with their texts, by path. */
function filesOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(paths.map((path) => [relative(folder, path), readFileSync(path, 'utf8')]))
}

/** Tests a code store against the contract. */
export function describeCodeStore(name: string, open: () => OpenedCodeStore | Promise<OpenedCodeStore>): void {
  describe(`${name} as a code store`, () => {
    let opened: OpenedCodeStore
    let code: CodeStore
    beforeEach(async () => {
      opened = await open()
      code = opened.code
    })
    afterEach(() => {
      opened.close()
    })

    test('reads what was put, also after a restart', async () => {
      const { sha256, zip } = await aPackage({ 'index.js': 'x' })
      expect(await code.read(sha256)).toBeUndefined()
      await code.put(sha256, zip)
      await code.put(sha256, zip)
      expect(zip.equals((await code.read(sha256)) ?? Buffer.alloc(0))).toBe(true)
      expect(zip.equals((await opened.reopen().read(sha256)) ?? Buffer.alloc(0))).toBe(true)
    })

    test('unpacks once and returns the same folder to all', async () => {
      const { sha256, zip } = await aPackage({ 'index.js': 'x', 'lib/deep/a.js': 'y' })
      await code.put(sha256, zip)
      const folders = await Promise.all([code.unpacked(sha256), code.unpacked(sha256), code.unpacked(sha256)])
      expect(new Set([...folders, await opened.reopen().unpacked(sha256)]).size).toBe(1)
      expect(readFileSync(join(folders[0], 'lib/deep/a.js'), 'utf8')).toBe('y')
    })

    test('keeps modes, links and times, whatever the umask', async () => {
      const umask = process.umask(0o077)
      try {
        const { sha256, zip } = await withModesAndLinks()
        await code.put(sha256, zip)
        const folder = await code.unpacked(sha256)
        const modes = ['.', 'bin', 'bin/run', 'open', 'closed', 'large', 'private'].map(
          (path) => statSync(join(folder, path)).mode & 0o7777,
        )
        expect(modes.map((mode) => mode.toString(8))).toEqual(['755', '755', '755', '666', '400', '640', '755'])
        expect(readlinkSync(join(folder, 'start'))).toBe('bin/run')
        for (const path of ['bin', 'bin/run', 'start', 'large'])
          expect(lstatSync(join(folder, path)).mtime).toEqual(modified)
        expect(readFileSync(join(folder, 'large')).equals(Buffer.alloc(3_000_000, 'abcd'))).toBe(true)
      } finally {
        process.umask(umask)
      }
    })

    test('leaves nothing of a package that cannot be unpacked, and can try again', async () => {
      const { sha256 } = await aPackage({ 'index.js': 'x' })
      await expect(code.unpacked(sha256)).rejects.toThrow('is not in')
      const { zip } = await aPackage({ 'index.js': 'x' })
      await code.put(sha256, zip)
      expect(readdirSync(await code.unpacked(sha256))).toEqual(['index.js'])
    })

    test('removes what was not used for long, and nothing else', async () => {
      const [used, unused] = [await aPackage({ a: 'used' }), await aPackage({ a: 'unused' })]
      for (const { sha256, zip } of [used, unused]) await code.put(sha256, zip)
      await code.unpacked(unused.sha256)
      const inUse = new Set([used.sha256])
      await code.sweep(inUse)
      opened.passMinutes(opened.graceMinutes - 1)
      await code.sweep(inUse)
      expect(await code.read(unused.sha256)).toBeDefined()
      opened.passMinutes(2)
      await code.sweep(inUse)
      expect(await code.read(unused.sha256)).toBeUndefined()
      await expect(code.unpacked(unused.sha256)).rejects.toThrow('is not in')
      expect(await code.read(used.sha256)).toBeDefined()
    })

    test('overlays packages, the last on top, and does not change them', async () => {
      const lower = await aPackage({ 'lib/a': 'lower', 'lib/same': 'lower', file: 'lower', 'tree/x': 'lower' })
      const upper = await aPackage({ 'lib/b': 'upper', 'lib/same': 'upper', 'file/x': 'upper', tree: 'upper' })
      for (const { sha256, zip } of [lower, upper]) await code.put(sha256, zip)
      const order = [lower.sha256, upper.sha256]
      const folders = await Promise.all([code.unpackedStack(order), code.unpackedStack(order)])
      expect(folders[0]).toBe(folders[1])
      expect(filesOf(folders[0])).toEqual({
        ...{ 'lib/a': 'lower', 'lib/b': 'upper', 'lib/same': 'upper', 'file/x': 'upper', tree: 'upper' },
      })
      const reversed = await code.unpackedStack(order.toReversed())
      expect(filesOf(reversed)).toEqual({
        ...{ 'lib/a': 'lower', 'lib/b': 'upper', 'lib/same': 'lower', file: 'lower', 'tree/x': 'lower' },
      })
      expect(filesOf(await code.unpacked(lower.sha256))).toMatchObject({ 'lib/same': 'lower', file: 'lower' })
      expect(await code.unpackedStack([lower.sha256])).toBe(await code.unpacked(lower.sha256))
      expect(await opened.reopen().unpackedStack(order)).toBe(folders[0])
    })

    test('writes nothing through the links of a lower package', async () => {
      const lower = new yazl.ZipFile()
      lower.addBuffer(Buffer.from('kept'), 'target/kept', { mtime: modified })
      lower.addBuffer(Buffer.from('target'), 'link', { mode: 0o120777, mtime: modified })
      const packages = [await finished(lower), await aPackage({ 'link/kept': 'upper' })]
      for (const { sha256, zip } of packages) await code.put(sha256, zip)
      const folder = await code.unpackedStack(packages.map(({ sha256 }) => sha256))
      expect(filesOf(folder)).toEqual({ 'target/kept': 'kept', 'link/kept': 'upper' })
    })

    test('keeps links that lead out, and writes nothing through them', async () => {
      const outside = mkdtempSync(join(tmpdir(), 'outside-'))
      const lower = new yazl.ZipFile()
      lower.addBuffer(Buffer.from(outside), 'link', { mode: 0o120777, mtime: modified })
      lower.addBuffer(Buffer.from('../nowhere'), 'dangling', { mode: 0o120777, mtime: modified })
      const packages = [
        await finished(lower),
        await aPackage({ 'link/deep/file': 'upper' }),
        await aPackage({ a: 'a' }),
      ]
      for (const { sha256, zip } of packages) await code.put(sha256, zip)
      const [lowest = '', upper = '', other = ''] = packages.map(({ sha256 }) => sha256)
      const linked = await code.unpackedStack([lowest, other])
      expect(readlinkSync(join(linked, 'link'))).toBe(outside)
      expect(readlinkSync(join(linked, 'dangling'))).toBe('../nowhere')
      expect(filesOf(await code.unpackedStack([lowest, upper]))).toEqual({ 'link/deep/file': 'upper' })
      expect(readlinkSync(join(await code.unpackedStack([upper, lowest]), 'link'))).toBe(outside)
      expect(readdirSync(outside)).toEqual([])
      rmSync(outside, { recursive: true })
    })

    test('keeps a stack of packages as long as it is in use', async () => {
      const packages = [await aPackage({ a: 'a' }), await aPackage({ b: 'b' })]
      for (const { sha256, zip } of packages) await code.put(sha256, zip)
      const order = packages.map(({ sha256 }) => sha256)
      const folder = await code.unpackedStack(order)
      const sweepTwice = async (inUse: ReadonlySet<string>) => {
        await code.sweep(inUse)
        opened.passMinutes(61)
        await code.sweep(inUse)
      }
      await sweepTwice(new Set([...order, layerStackSha256(order)]))
      expect(filesOf(folder)).toEqual({ a: 'a', b: 'b' })
      await sweepTwice(new Set(order))
      expect(() => filesOf(folder)).toThrow('ENOENT')
      expect(await code.read(order[0] ?? '')).toBeDefined()
    })

    test('keeps what is put again before it is removed', async () => {
      const { sha256, zip } = await aPackage({ a: 'again' })
      await code.put(sha256, zip)
      const inUse = new Set([(await aPackage({ a: 'other' })).sha256])
      await code.sweep(inUse)
      opened.passMinutes(opened.graceMinutes + 1)
      const swept = code.sweep(inUse)
      await code.put(sha256, zip)
      await swept
      expect(await code.read(sha256)).toBeDefined()
    })
  })
}
