import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { describeCodeStore } from '../../functions/code/code-store.contract.ts'
import { aPackage } from '../../functions/testing/samples.ts'
import { openDiskCodeStore } from './disk-code-store.ts'

describeCodeStore('a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'code-'))
  let nowMs = 0
  const reopen = () => openDiskCodeStore(folder, () => nowMs)
  return {
    code: reopen(),
    reopen,
    graceMinutes: 60,
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
})
