import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openEmbeddedStore } from './embedded-store.ts'

const openModule = JSON.stringify(new URL('./embedded-store.ts', import.meta.url).href)
const script = (body: string) => [
  '--input-type=module',
  '--eval',
  `import { openEmbeddedStore } from ${openModule}\n${body}`,
]

describe('a data folder', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'data-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  test('belongs to one server at a time, also within a process', async () => {
    const store = openEmbeddedStore(folder)
    const message = `Another kubelambda server is using the data folder ${folder}. Stop it, or set KUBELAMBDA_DATA to another folder.`
    expect(() => openEmbeddedStore(folder)).toThrow(message)
    const body = `try { openEmbeddedStore(${JSON.stringify(folder)}) } catch (fault) { console.log(fault.message) }`
    const second = spawn(process.execPath, script(body))
    expect((await text(second.stdout)).trim()).toBe(message)
    await store.close()
    await openEmbeddedStore(folder).close()
  })

  test('is unlocked at once when its server was killed', async () => {
    const first = spawn(
      process.execPath,
      script(`openEmbeddedStore(${JSON.stringify(folder)}); console.log('open'); setInterval(() => {}, 1e6)`),
    )
    await new Promise((resolve) => first.stdout.once('data', resolve))
    expect(() => openEmbeddedStore(folder)).toThrow('Another kubelambda server')
    first.kill('SIGKILL')
    await new Promise((resolve) => first.once('close', resolve))
    await openEmbeddedStore(folder).close()
  })

  test('of a newer server is rejected and not changed', async () => {
    await openEmbeddedStore(folder).close()
    const database = new DatabaseSync(join(folder, 'kubelambda.sqlite'))
    database.exec('PRAGMA user_version = 99')
    database.close()
    expect(() => openEmbeddedStore(folder)).toThrow(
      /written by a newer kubelambda \(its tables are version 99, this server knows \d+\)/,
    )
  })

  test('with a damaged database is rejected in one line', () => {
    writeFileSync(join(folder, 'kubelambda.sqlite'), 'this is no database, however long one reads on in it')
    expect(() => openEmbeddedStore(folder)).toThrow(
      /^The data folder .* holds a database that cannot be used: .*KUBELAMBDA_DATA.*$/,
    )
  })

  test.each([
    ['is missing', () => undefined],
    ['has no bytes', (path: string) => writeFileSync(path, '')],
  ])('with packages whose database %s is rejected and not changed', (_, prepare) => {
    const path = join(folder, 'kubelambda.sqlite')
    mkdirSync(join(folder, 'code'))
    writeFileSync(join(folder, 'code', `${'0'.repeat(64)}.zip`), 'package')
    prepare(path)
    const before = readdirSync(folder)
    expect(() => openEmbeddedStore(folder)).toThrow(
      `The data folder ${folder} holds code, but its database kubelambda.sqlite is missing or empty. Restore it, or set KUBELAMBDA_DATA to another folder.`,
    )
    expect(readdirSync(folder)).toEqual(before)
    expect(existsSync(path) ? statSync(path).size : 0).toBe(0)
  })

  test('that cannot be created is rejected in one line', () => {
    writeFileSync(join(folder, 'file'), '')
    expect(() => openEmbeddedStore(join(folder, 'file', 'data'))).toThrow(/^The data folder .* cannot be written: .*$/)
  })

  test('is created, with a database that only its user can read', async () => {
    const data = join(folder, 'a', 'b')
    await openEmbeddedStore(data).close()
    expect(statSync(join(data, 'kubelambda.sqlite')).mode & 0o777).toBe(0o600)
  })
})
