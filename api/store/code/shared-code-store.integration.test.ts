import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { describeCodeStore } from '../../functions/code/code-store.contract.ts'
import { aPackage } from '../../functions/testing/samples.ts'
import { openFolderArchives } from './folder-archives.ts'
import { openCodeStore } from './open-code-store.ts'
import { openS3Archives } from './s3-archives.ts'
import type { SharedArchives } from './shared-archives.ts'
import { openSharedCodeStore } from './shared-code-store.ts'
import { describeWithS3, startS3, type S3Server } from './testing/moto-server.ts'

const newFolder = () => mkdtempSync(join(tmpdir(), 'shared-code-'))
const minuteMs = 60_000
const weekMinutes = 7 * 24 * 60

/** Several servers that share archives, each with its own data folder and clock. */
function servers(archives: SharedArchives, clock = { nowMs: 0 }) {
  const folders: string[] = []
  const warnings: string[] = []
  const warn = (line: string) => void warnings.push(line)
  const open = (dataFolder = newFolder()) => {
    folders.push(dataFolder)
    return openSharedCodeStore({ archives, dataFolder, clock: () => clock.nowMs, warn })
  }
  const close = () => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  }
  return { open, close, clock, warnings }
}

function onTrial(archives: SharedArchives, done: () => void = () => undefined) {
  const { open, close, clock } = servers(archives)
  const dataFolder = newFolder()
  return {
    code: open(dataFolder),
    reopen: () => open(dataFolder),
    graceMinutes: weekMinutes,
    passMinutes: (minutes: number) => {
      clock.nowMs += minutes * minuteMs
    },
    close: () => {
      close()
      done()
    },
  }
}

function describeSharing(name: string, open: () => Promise<SharedArchives>): void {
  describe(`${name} of several servers`, () => {
    let archives: SharedArchives
    let context: ReturnType<typeof servers>
    beforeEach(async () => {
      archives = await open()
      context = servers(archives)
    })
    afterEach(() => context.close())

    test('is read by one server as another wrote it', async () => {
      const { sha256, zip } = await aPackage({ 'index.js': 'x' })
      await context.open().put(sha256, zip)
      const other = context.open()
      expect(zip.equals((await other.read(sha256)) ?? Buffer.alloc(0))).toBe(true)
      expect(readdirSync(await other.unpacked(sha256))).toEqual(['index.js'])
    })

    test('keeps an archive that one server writes while another removes unused ones', async () => {
      const { sha256, zip } = await aPackage({ a: 'again' })
      const [sweeper, writer] = [context.open(), context.open()]
      const inUse = new Set([(await aPackage({ a: 'other' })).sha256])
      await writer.put(sha256, zip)
      await sweeper.sweep(inUse)
      context.clock.nowMs += (weekMinutes + 1) * minuteMs
      await writer.put(sha256, zip)
      await sweeper.sweep(inUse)
      expect(await context.open().read(sha256)).toBeDefined()
      expect((await archives.list()).length).toBe(1)
    })

    test('keeps everything while nothing is in use, as when the catalogue is lost, and logs it once', async () => {
      const { sha256, zip } = await aPackage({ a: 'of a function' })
      const code = context.open()
      await code.put(sha256, zip)
      for (let weeks = 0; weeks < 3; weeks++) {
        await code.sweep(new Set())
        context.clock.nowMs += weekMinutes * minuteMs
      }
      expect(await code.read(sha256)).toBeDefined()
      expect(context.warnings).toEqual([
        `No function or layer names any archive in ${archives.place}: all are kept there.`,
      ])
      await code.sweep(new Set([sha256]))
      expect(await code.read(sha256)).toBeDefined()
    })

    test('keeps archives for a week that a rolled-back catalogue does not refer to', async () => {
      const [before, after] = [await aPackage({ a: 'before' }), await aPackage({ a: 'after' })]
      const code = context.open()
      for (const { sha256, zip } of [before, after]) await code.put(sha256, zip)
      await code.sweep(new Set([before.sha256]))
      context.clock.nowMs += (weekMinutes - 1) * minuteMs
      await code.sweep(new Set([before.sha256]))
      expect(await code.read(after.sha256)).toBeDefined()
      // The catalogue is restored: archives that become unused again are kept for another week.
      await code.sweep(new Set([before.sha256, after.sha256]))
      context.clock.nowMs += 2 * minuteMs
      await code.sweep(new Set([before.sha256]))
      expect(await code.read(after.sha256)).toBeDefined()
    })

    test('keeps one of several archives with the same content, whichever server removes the others', async () => {
      const { sha256, zip } = await aPackage({ a: 'used' })
      for (let round = 0; round < 3; round++) await context.open().put(sha256, zip)
      const [one, other] = [context.open(), context.open()]
      for (const minutes of [0, 61]) {
        context.clock.nowMs += minutes * minuteMs
        await Promise.all([one.sweep(new Set([sha256])), other.sweep(new Set([sha256]))])
      }
      expect((await archives.list()).length).toBe(1)
      expect(await other.read(sha256)).toBeDefined()
    })

    test('does not hand out damaged content', async () => {
      const { sha256, zip } = await aPackage({ a: 'true' })
      await archives.write(Buffer.from(sha256, 'base64').toString('hex'), Buffer.from('false'))
      expect(await context.open().read(sha256)).toBeUndefined()
      await context.open().put(sha256, zip)
      expect(zip.equals((await context.open().read(sha256)) ?? Buffer.alloc(0))).toBe(true)
    })
  })
}

function newSharedFolder() {
  const folder = newFolder()
  return { archives: openFolderArchives(folder), done: () => rmSync(folder, { recursive: true }) }
}

describeCodeStore('a shared folder', () => {
  const { archives, done } = newSharedFolder()
  return onTrial(archives, done)
})
describeSharing('a shared folder', async () => newSharedFolder().archives)

test('partly written archives of a dead server are removed after an hour', async () => {
  const folder = newFolder()
  const context = servers(openFolderArchives(folder))
  writeFileSync(join(folder, '.tmp-1'), 'half')
  const code = context.open()
  await code.sweep(new Set())
  expect(readdirSync(folder)).toEqual(['.tmp-1'])
  context.clock.nowMs += 61 * minuteMs
  await code.sweep(new Set())
  expect(readdirSync(folder)).toEqual([])
  context.close()
})

test('an unusable location fails the start with one line that names the setting', async () => {
  const folder = newFolder()
  writeFileSync(join(folder, 'file'), '')
  const start = (codeUrl: string, s3Endpoint?: string) =>
    openCodeStore({
      dataFolder: folder,
      codeUrl,
      s3Endpoint,
      region: 'us-east-1',
      clock: () => performance.now(),
      warn: () => undefined,
    })
  await expect(start(pathToFileURL(join(folder, 'file', 'code')).href)).rejects.toThrow(
    /^The folder .* cannot be written: .*KUBELAMBDA_CODE_URL\.$/,
  )
  await expect(start('s3://code', 'http://127.0.0.1:1')).rejects.toThrow(
    /^The bucket code cannot be used: [^\n]*KUBELAMBDA_CODE_URL[^\n]*$/,
  )
  rmSync(folder, { recursive: true })
})

describeWithS3('a bucket', () => {
  let s3: S3Server
  let buckets = 0
  const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
  beforeAll(async () => {
    Object.assign(process.env, credentials)
    s3 = await startS3()
  }, 60_000)
  afterAll(() => s3.stop())

  const open = async () => {
    const bucket = `code-${String(++buckets)}`
    await s3.createBucket(bucket)
    return openS3Archives({ bucket, prefix: 'some/prefix', endpoint: s3.endpoint, region: 'us-east-1' })
  }
  describeCodeStore('a bucket', async () => onTrial(await open()))
  describeSharing('a bucket', open)

  test('that does not exist fails the start with one line', async () => {
    const missing = { bucket: 'missing', prefix: '', endpoint: s3.endpoint, region: 'us-east-1' }
    await expect(openS3Archives(missing)).rejects.toThrow(/^The bucket missing cannot be used: [^\n]+$/)
  })

  test('keeps foreign objects', async () => {
    const archives = await open()
    await fetch(`${s3.endpoint}/code-${String(buckets)}/some/prefix/other.txt`, { method: 'PUT', body: 'x' })
    expect(await archives.list()).toEqual([])
  })
})
