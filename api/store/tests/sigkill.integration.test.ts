import { spawn } from 'node:child_process'
import { createHash, randomInt } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from '@jest/globals'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import type { CodeStore } from '../../functions/code/code-store.ts'
import { openDiskCodeStore } from '../code/disk-code-store.ts'
import { openEmbeddedStore } from '../embedded/embedded-store.ts'

const rounds = 20
/** On a busy machine the rounds that fit into this must do. */
const longestMs = 15_000
const program = fileURLToPath(new URL('../testing/restless-server.ts', import.meta.url))

/** Runs the server until it has answered that many lines, kills it, and answers all its lines. */
async function runAndKill(folder: string, round: number, lines: number): Promise<string[]> {
  const server = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, folder, String(round)])
  const failure = text(server.stderr)
  let output = ''
  server.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    if (output.split('\n').length > lines) server.kill('SIGKILL')
  })
  await new Promise((resolve) => server.once('close', resolve))
  expect(await failure).toBe('')
  return output.split('\n').slice(0, -1)
}

/** The step a function is at, if all of it is there: record, version, archive and, when it was unpacked, every file. */
async function wholeStep(
  catalogue: Catalogue,
  code: CodeStore,
  name: string,
  folder: string,
): Promise<number | undefined> {
  const record = (await catalogue.find(name))?.value
  if (record === undefined) return undefined
  const [number = ''] = record.versions
  const version = await catalogue.findVersion(name, number)
  expect(version?.code).toEqual(record.latest.code)
  const { sha256 } = record.latest.code
  const zip = (await code.read(sha256)) ?? Buffer.alloc(0)
  expect(createHash('sha256').update(zip).digest('base64')).toBe(sha256)
  const files = readdirSync(join(await code.unpacked(sha256), 'lib'))
  expect(files.length).toBe(20)
  const contents = files.map((file) =>
    readFileSync(join(folder, 'unpacked', Buffer.from(sha256, 'base64').toString('hex'), 'lib', file), 'utf8'),
  )
  expect(new Set(contents)).toEqual(new Set([`${name} ${number}`.repeat(50)]))
  return Number(number)
}

/** What a function is at after a step was taken, as `restless-server.ts` takes them. */
function after(step: number): number | undefined {
  return step < 0 || step % 5 === 4 ? undefined : step
}

function integrity(folder: string): unknown {
  const database = new DatabaseSync(join(folder, 'kubelambda.sqlite'))
  try {
    return database.prepare('PRAGMA integrity_check').get()?.['integrity_check']
  } finally {
    database.close()
  }
}

test('a server killed at any moment has kept all that it answered, and nothing by halves', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sigkill-'))
  const allEvents: string[] = []
  const endMs = Date.now() + longestMs
  for (let round = 0; round < rounds && Date.now() < endMs; round++) {
    const lines = await runAndKill(folder, round, randomInt(1, 150))
    const store = openEmbeddedStore(folder)
    const code = openDiskCodeStore(folder)
    for (const name of ['a', 'b', 'c'].map((letter) => `${letter}${String(round)}`)) {
      const last = lines.filter((line) => line.startsWith(`step ${name} `)).length - 1
      expect([after(last), after(last + 1)]).toContain(await wholeStep(store.catalogue, code, name, folder))
    }
    allEvents.push(...lines.filter((line) => line.startsWith('event ')).map((line) => line.slice('event '.length)))
    const taken = await store.events.take({ limit: 1e6, perFunction: 1e6, skip: new Set(), nowMs: Date.now() })
    const ids = new Set(taken.map((event) => event.id))
    expect(ids.size).toBe(taken.length)
    expect(allEvents.filter((id) => !ids.has(id))).toEqual([])
    await store.close()
    expect(integrity(folder)).toBe('ok')
  }
  rmSync(folder, { recursive: true })
})
