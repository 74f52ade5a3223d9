import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { describeCodeStore } from '../../functions/code/code-store.contract.ts'
import { createCodeHolds } from '../../functions/code/code-holds.ts'
import { aPackage } from '../../functions/testing/samples.ts'
import { openDiskCodeStore } from './disk-code-store.ts'

describeCodeStore('a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'code-'))
  let nowMs = 0
  const reopen = () => openDiskCodeStore(folder, () => nowMs)
  return {
    code: reopen(),
    reopen,
    graceMinutes: 2,
    passMinutes: (minutes) => {
      nowMs += minutes * 60_000
    },
    close: () => {
      rmSync(folder, { recursive: true })
    },
  }
})

describe('a folder of code', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'code-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  test('removes what a killed server left incomplete', () => {
    openDiskCodeStore(folder)
    mkdirSync(join(folder, 'unpacked', '.tmp-1', 'lib'), { recursive: true })
    writeFileSync(join(folder, 'code', '.tmp-2'), 'half')
    openDiskCodeStore(folder)
    expect(readdirSync(join(folder, 'code'))).toEqual([])
    expect(readdirSync(join(folder, 'unpacked'))).toEqual(['.boot'])
  })

  test('unpacks packages again that were unpacked before the last boot', async () => {
    const { sha256, zip } = await aPackage({ a: 'whole' })
    const code = openDiskCodeStore(folder)
    await code.put(sha256, zip)
    const unpacked = await code.unpacked(sha256)
    writeFileSync(join(unpacked, 'a'), '')
    writeFileSync(join(folder, 'unpacked', '.boot'), 'an earlier one')
    expect(readFileSync(join(await openDiskCodeStore(folder).unpacked(sha256), 'a'), 'utf8')).toBe('whole')
  })

  test('lets other users enter a package but neither list packages nor read archives', () => {
    openDiskCodeStore(folder)
    const modeOf = (name: string) => (statSync(join(folder, name)).mode & 0o777).toString(8)
    expect([modeOf('unpacked'), modeOf('code')]).toEqual(['711', '700'])
  })

  test('rejects invalid hashes', async () => {
    await expect(openDiskCodeStore(folder).put('../../etc', Buffer.alloc(0))).rejects.toThrow(
      'Not the base64 of a SHA-256',
    )
  })

  test('keeps packages that were unused when it was opened for an hour: their functions may be restored', async () => {
    let nowMs = 0
    const { sha256, zip } = await aPackage({ a: 'found' })
    await openDiskCodeStore(folder).put(sha256, zip)
    const code = openDiskCodeStore(folder, () => nowMs)
    expect(await code.sweep(new Set())).toBe(3_600_000)
    nowMs += 59 * 60_000
    expect(await code.sweep(new Set())).toBe(60_000)
    expect(await code.read(sha256)).toBeDefined()
    nowMs += 60_000
    expect(await code.sweep(new Set())).toBeUndefined()
    expect(await code.read(sha256)).toBeUndefined()
  })

  test('keeps what an environment runs from, until it has ended', async () => {
    let nowMs = 0
    const code = openDiskCodeStore(folder, () => nowMs)
    const holds = createCodeHolds()
    const { sha256, zip } = await aPackage({ a: 'held' })
    await code.sweep(new Set())
    await code.put(sha256, zip)
    const unpacked = await code.unpacked(sha256)
    const release = holds.hold([sha256])
    for (let round = 0; round < 3; round++) {
      await code.sweep(new Set(), holds)
      nowMs += 121_000
    }
    expect(readFileSync(join(unpacked, 'a'), 'utf8')).toBe('held')
    release()
    release()
    await code.sweep(new Set(), holds)
    expect([readdirSync(join(folder, 'code')), existsSync(unpacked)]).toEqual([[], false])
  })
})
