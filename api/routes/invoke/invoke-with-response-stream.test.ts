import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, expect, test } from '@jest/globals'
import type { AnswerSink, InvocationResult } from '../../environments/environment/invocation.ts'
import { accountConcurrencyExceeded } from '../../errors.ts'
import type { Invoke } from '../../invoke/invoke.ts'
import { streamAnswer } from '../../invoke/streamed-answer.ts'
import { invokeWithResponseStreamRoutes } from './invoke-with-response-stream.ts'
import { registerRoutes, routerOptions } from '../http/router.ts'

const apps: FastifyInstance[] = []
const faults: unknown[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
  faults.length = 0
})

/** Sends one request to a function that does this, and returns the response. */
async function ask(run: (sink: AnswerSink) => Promise<InvocationResult>): Promise<IncomingMessage> {
  const invoke = {
    stream: async () => ({ ...(await streamAnswer(run)), executedVersion: '$LATEST' }),
  } as Partial<Invoke> as Invoke
  const logError = (_: string, cause: unknown) => faults.push(cause)
  const home = { accountId: '000000000000', region: 'us-east-1', now: Date.now }
  const app = Fastify(routerOptions)
  apps.push(app)
  registerRoutes(app, invokeWithResponseStreamRoutes({ invoke, logError, ...home }), { ids: randomUUID, logError })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const path = '/2021-11-15/functions/f/response-streaming-invocations'
  const asking = request({ port, host: '127.0.0.1', path, method: 'POST' }).end('{}')
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  return response
}

test('an internal error in the middle cuts the connection, and is logged but not sent', async () => {
  const lost = new Error('the environment was lost')
  const response = await ask(async (sink) => {
    sink.begin('text/plain')
    sink.write(Buffer.from('half'), () => undefined)
    throw lost
  })
  let text = ''
  const reading = (async () => {
    for await (const piece of response) text += String(piece)
  })()
  await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(text).toContain('half')
  expect(text).not.toContain('InvokeComplete')
  expect(faults).toEqual([lost])
})

test('an error before the first byte is an ordinary one', async () => {
  const response = await ask(() => Promise.reject(accountConcurrencyExceeded()))
  expect([response.statusCode, response.headers['content-type']]).toEqual([429, 'application/json'])
  expect(response.headers['x-amzn-errortype']).toBe('TooManyRequestsException')
  expect(faults).toEqual([])
})
