import { randomUUID } from 'node:crypto'
import Fastify from 'fastify'
import { expect, test } from '@jest/globals'
import { malformedRequests } from '../../model/testing/malformed-requests.ts'
import type { MalformedRequest } from '../../model/testing/request-draft.ts'
import { operations } from '../../model/operations.ts'
import type { Handler, Handlers, Input } from './handler.ts'
import { registerRoutes, routerOptions } from './router.ts'

const requests = 10_000
const notBuilt = new Set(['InvokeAsync', 'ListLayers'])

const echo: Handler = (input: Input) => Promise.resolve({ ...input })

function echoApp(faults: unknown[]) {
  const app = Fastify(routerOptions)
  const built = operations.filter(({ name }) => !notBuilt.has(name))
  const handlers: Handlers = Object.fromEntries(built.map(({ name }) => [name, echo]))
  const logError = (_: string, cause: unknown) => faults.push(cause)
  registerRoutes(app, handlers, { ids: randomUUID, logError })
  return app
}

test('malformed requests are the same for the same seed', () => {
  expect([...malformedRequests(7, 50)]).toEqual([...malformedRequests(7, 50)])
})

test('no malformed request brings a server error, a stack or an end of the process', async () => {
  const faults: unknown[] = []
  const app = echoApp(faults)
  const statuses = new Map<number, number>()
  for (const request of malformedRequests(20_260_101, requests)) {
    const { status, failure } = await send(app, request)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    expect(failure).toBeUndefined()
  }
  await app.close()
  expect(faults).toEqual([])
  expect({}).not.toHaveProperty('polluted')
  expect(statuses.get(400)).toBeGreaterThan(requests / 3)
}, 120_000)

async function send(app: ReturnType<typeof echoApp>, request: MalformedRequest) {
  const { method, url, headers, body } = request
  const answer = await app.inject({ method: method as 'POST', url, headers: { ...headers }, payload: body })
  const status = answer.statusCode
  const isError = status >= 400
  const isWrong =
    (status >= 500 && status !== 501) ||
    !/^[0-9a-f-]{36}$/.test(String(answer.headers['x-amzn-requestid'])) ||
    (isError && typeof answer.headers['x-amzn-errortype'] !== 'string') ||
    (isError && method !== 'HEAD' && !isErrorBody(answer.body))
  const shown = { ...request, body: body.toString('latin1').slice(0, 200), status, answer: answer.body.slice(0, 500) }
  return { status, failure: isWrong ? shown : undefined }
}

function isErrorBody(text: string): boolean {
  const body = JSON.parse(text) as Record<string, unknown>
  const message = body['message'] ?? body['Message']
  return typeof message === 'string' && !message.includes('    at ')
}
