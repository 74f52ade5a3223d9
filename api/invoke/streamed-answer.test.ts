import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { text } from 'node:stream/consumers'
import { expect, test } from '@jest/globals'
import type { AnswerSink, InvocationResult } from '../environments/environment/invocation.ts'
import { readHttpPrelude } from './http-prelude.ts'
import { streamAnswer } from './streamed-answer.ts'

const json = 'application/json'
const http = 'application/vnd.awslambda.http-integration-response'
const nothing = Buffer.alloc(0)
const ended: InvocationResult = { payload: nothing, contentType: 'text/plain' }

/** An invocation that streams these pieces. */
const streaming =
  (pieces: readonly (string | Buffer)[], contentType = 'text/plain', result: InvocationResult = ended) =>
  async (sink: AnswerSink): Promise<InvocationResult> => {
    sink.begin(contentType)
    for (const piece of pieces) {
      sink.write(Buffer.from(piece), () => undefined)
      await turn()
    }
    return result
  }

test('an answer can be read before its function ended', async () => {
  let finish: (result: InvocationResult) => void = () => undefined
  const answer = await streamAnswer((sink) => {
    sink.begin('text/plain')
    sink.write(Buffer.from('first'), () => undefined)
    return new Promise((resolve) => (finish = resolve))
  })
  expect(answer).toMatchObject({ contentType: 'text/plain', hasFailed: false })
  if (answer.body.readableLength === 0) await once(answer.body, 'readable')
  expect(String(answer.body.read())).toBe('first')
  finish({ ...ended, logTail: 'dGFpbA==' })
  expect(await text(answer.body)).toBe('')
  expect(await answer.end).toEqual({ logTail: 'dGFpbA==' })
})

test('an answer that is no stream is one that is whole', async () => {
  const answer = await streamAnswer(async () => ({ payload: Buffer.from('{}'), contentType: json }))
  expect([answer.contentType, answer.hasFailed, await text(answer.body)]).toEqual([json, false, '{}'])
  expect(await answer.end).toEqual({})
})

test('a function that failed before its first byte has its error at the end', async () => {
  const failed = { payload: Buffer.from('{"errorType":"E"}'), contentType: json, functionError: 'Unhandled' } as const
  const answer = await streamAnswer(async () => failed)
  expect([answer.hasFailed, await text(answer.body)]).toEqual([true, ''])
  expect(await answer.end).toEqual({ error: { code: 'Unhandled', details: '{"errorType":"E"}' } })
})

test('a stream that broke off has its bytes, and why', async () => {
  const failed = { payload: Buffer.from('{}'), contentType: json, functionError: 'Unhandled', errorType: 'E' } as const
  const answer = await streamAnswer(streaming(['half'], 'text/plain', failed))
  expect(await text(answer.body)).toBe('half')
  expect(await answer.end).toEqual({ error: { code: 'E', details: '{}' } })
})

test('a fault of ours before the first byte is thrown, and after it at the end', async () => {
  const lost = new Error('lost')
  await expect(streamAnswer(() => Promise.reject(lost))).rejects.toBe(lost)
  const answer = await streamAnswer((sink) => {
    sink.begin('text/plain')
    return Promise.reject(lost)
  })
  expect(await text(answer.body)).toBe('')
  await expect(answer.end).rejects.toBe(lost)
})

test('nothing more is taken than a reader reads, and all of it once there is none', async () => {
  let taken = 0
  const piece = Buffer.alloc(65_536)
  const answer = await streamAnswer((sink) => {
    sink.begin('text/plain')
    for (let count = 0; count < 100; count++) sink.write(piece, () => taken++)
    return new Promise(() => undefined)
  })
  await turn()
  expect(taken).toBeLessThan(3)
  answer.body.destroy()
  while (taken < 100) await turn()
})

test.each([
  ['in one piece', ['{"statusCode":201,"cookies":["c=d"]}\0\0\0\0\0\0\0\0body']],
  ['in pieces', ['{"statusCode":201,', '"cookies":["c=d"]}\0\0\0', '\0\0\0\0\0', 'bo', 'dy']],
])('the prelude of HTTP is read and the body goes on, %s', async (_, pieces) => {
  const answer = await streamAnswer(streaming(pieces, http))
  expect(await readHttpPrelude(answer)).toEqual({ statusCode: 201, cookies: ['c=d'] })
  expect(await text(answer.body)).toBe('body')
})

test('of another content type all is body', async () => {
  const answer = await streamAnswer(streaming(['{}\0\0\0\0\0\0\0\0body']))
  expect(await readHttpPrelude(answer)).toBeUndefined()
  expect(await text(answer.body)).toBe('{}\0\0\0\0\0\0\0\0body')
})

test.each(['', 'body', '{"statusCode":201}', 'x\0\0\0\0\0\0\0\0', '7\0\0\0\0\0\0\0\0', 'x'.repeat(1024 * 1024 + 1)])(
  'a prelude that is none is an error, and nothing more is read: %#',
  async (written) => {
    const answer = await streamAnswer(streaming([written], http))
    await expect(readHttpPrelude(answer)).rejects.toThrow()
    expect(answer.body.destroyed).toBe(true)
  },
)
