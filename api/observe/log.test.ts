import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { lineFormats } from './line-format.ts'
import { createLog, type BoundedSink } from './log.ts'

/** A reader that consumes everything at once. */
const fast = (write: (text: string) => unknown): BoundedSink => ({ write, writableLength: 0, once: () => undefined })

test('function output carries time and source on every line and is written in one piece', () => {
  const written: string[] = []
  const log = createLog(
    fast((text) => written.push(text)),
    { write: () => undefined },
    () => new Date(0),
  )
  log.functionOutput('hello[$LATEST]', 'START\nEND\n')
  log.functionOutput('other[1]', 'START\n')
  log.flush()
  const at = '1970-01-01T00:00:00.000Z'
  expect(written).toEqual([`${at} hello[$LATEST] START\n${at} hello[$LATEST] END\n${at} other[1] START\n`])
})

test('as JSON, each line of both kinds is one object', () => {
  const written: string[] = []
  const sink = fast((text) => written.push(text))
  const log = createLog(sink, sink, () => new Date(0), lineFormats.json)
  log.functionOutput('hello[$LATEST]e1', 'one "quoted"\ntwo\n')
  log.flush()
  log.error('the environment was lost', new Error('socket closed'))
  const lines = written.join('').trimEnd().split('\n')
  const time = '1970-01-01T00:00:00.000Z'
  const source = { time, function: 'hello', version: '$LATEST', environment: 'e1' }
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { ...source, message: 'one "quoted"' },
    { ...source, message: 'two' },
    {
      time,
      level: 'ERROR',
      message: 'the environment was lost',
      cause: expect.stringMatching(/^Error: socket closed\n/),
    },
  ])
})

test('the server logs its own lines with time and level, and the cause of an error', () => {
  const written: string[] = []
  const log = createLog(
    fast(() => undefined),
    { write: (text) => written.push(text) },
    () => new Date(0),
  )
  log.warn('no isolation')
  log.error('the environment was lost', new Error('socket closed'))
  expect(written[0]).toBe('1970-01-01T00:00:00.000Z WARN no isolation\n')
  expect(written[1]).toContain('ERROR the environment was lost\nError: socket closed')
})

/** Writes 128 MB of function output before anyone reads it, and a line of the server's own. */
const flood = `
import { createLog } from ${JSON.stringify(fileURLToPath(new URL('log.ts', import.meta.url)))}
const log = createLog(process.stdout, process.stderr, () => new Date(0))
const line = 'x'.repeat(1023)
for (let turn = 0; turn < 128; turn++) {
  log.functionOutput('f', (line + '\\n').repeat(1024))
  await new Promise((resolve) => setImmediate(resolve))
}
log.flush()
log.info('the flood is over, and ' + process.stdout.writableLength + ' bytes wait')
await new Promise((resolve) => process.stdout.once('drain', resolve))
log.functionOutput('f', 'and then')
log.flush()`

test('output of functions is dropped and counted while nobody reads it, lines of the server are not', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', flood], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  while (!said.includes('the flood is over')) await once(child.stderr, 'data')
  expect(Number(/(\d+) bytes wait/.exec(said)?.[1])).toBeLessThan(11 * 1024 * 1024)
  const [written] = await Promise.all([text(child.stdout), once(child, 'close')])
  const lines = written.trimEnd().split('\n')
  const [, dropped, bytes] = /WARN (\d+) lines of functions' output \((\d+) bytes\) were dropped/.exec(said) ?? []
  expect(lines.length - 1 + Number(dropped)).toBe(128 * 1024)
  expect(Number(bytes)).toBe(Number(dropped) * 1024)
  expect(said.match(/dropped/g)).toHaveLength(1)
  expect(lines.at(-1)).toBe('1970-01-01T00:00:00.000Z f and then')
})
