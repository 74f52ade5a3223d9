import { rmSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  CreateFunctionCommand,
  InvokeCommand,
  PutFunctionRecursionConfigCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../testing/running-server.ts'

let folder: string
let server: RunningServer
beforeEach(() => {
  folder = newDataFolder()
})
afterEach(async () => {
  await server.end('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const create = async (code: string, variables: Record<string, string> = {}) => {
  const { client } = server
  const input = {
    FunctionName: 'f',
    Runtime: 'nodejs24.x' as const,
    Handler: 'index.handler',
    Role: 'arn:aws:iam::000000000000:role/r',
    Code: { ZipFile: await zipOf('index.js', code) },
    Environment: { Variables: variables },
  }
  await client.send(new CreateFunctionCommand(input))
  await waitUntilFunctionActiveV2({ client, maxWaitTime: 30, minDelay: 0.05 }, { FunctionName: 'f' })
}
const send = async (payload: object) =>
  (
    await server.client.send(
      new InvokeCommand({ FunctionName: 'f', InvocationType: 'Event', Payload: JSON.stringify(payload) }),
    )
  ).$metadata.requestId ?? ''
const ask = async (path: string, method = 'GET') => {
  const response = await fetch(`${server.address}/_kubelambda/events${path}`, { method })
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the test reads the members that it expects
  return { status: response.status, body: (await response.json()) as Record<string, any> }
}
const until = async (what: string, condition: () => boolean | Promise<boolean>, withinMs = 60_000) => {
  const deadline = Date.now() + withinMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`)
    await wait(10)
  }
}

test('failed events can be listed, inspected, retried once the function is fixed, and purged', async () => {
  server = await startMain(folder, { KUBELAMBDA_RETRY_SECONDS: '0' })
  await create(`exports.handler = async () => { throw new Error('broken') }`)
  const [first, second] = [await send({ n: 1 }), await send({ n: 2 })]
  const counts = async () => (await ask('')).body['functions']?.[0] as Record<string, number> | undefined
  await until('both fail', async () => (await counts())?.['failed'] === 2)
  expect(await counts()).toMatchObject({ functionName: 'f', ready: 0, delayed: 0, inFlight: 0, asyncEventsReceived: 2 })
  const { body: page } = await ask('/f?state=failed&limit=1')
  expect(page['events']).toMatchObject([
    { id: first, state: 'failed', runs: 3, outcome: { condition: 'RetriesExhausted' } },
  ])
  expect((await ask(`/f?state=failed&cursor=${String(page['cursor'])}`)).body['events']).toMatchObject([{ id: second }])
  const { body: event } = await ask(`/f/${first}`)
  expect(event).toMatchObject({ payload: '{"n":1}', outcome: { message: 'broken', statusCode: 200 } })
  expect(JSON.parse(String(event['answer']))).toMatchObject({ errorMessage: 'broken' })

  const ZipFile = await zipOf('index.js', 'exports.handler = async () => null')
  await server.client.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile }))
  await waitUntilFunctionUpdatedV2({ client: server.client, maxWaitTime: 30, minDelay: 0.05 }, { FunctionName: 'f' })
  expect(await ask(`/f/${first}/run`, 'POST')).toEqual({ status: 200, body: { run: 1 } })
  await until('it succeeds', async () => (await ask(`/f/${first}`)).status === 404)
  expect(await ask('/f?state=failed', 'DELETE')).toEqual({ status: 200, body: { removed: 1 } })
  expect((await ask('')).body['functions']).toEqual([])
  expect((await ask(`/f/${second}/run`, 'POST')).status).toBe(404)
  expect((await ask('/f?state=lost')).status).toBe(400)
  expect((await ask('/f?state=inFlight', 'DELETE')).status).toBe(400)
})

test('the seventeenth call of a function in one chain is stopped, unless loops are allowed', async () => {
  server = await startMain(folder)
  await create('exports.handler = async () => process.env._X_AMZN_TRACE_ID')
  let trace = ''
  const call = async () => {
    const response = await fetch(`${server.address}/2015-03-31/functions/f/invocations`, {
      method: 'POST',
      headers: { 'x-amzn-trace-id': trace },
    })
    if (response.ok) trace = (await response.json()) as string
    return response
  }
  for (let at = 0; at < 16; at++) expect((await call()).status).toBe(200)
  const stopped = await call()
  expect([stopped.status, stopped.headers.get('x-amzn-errortype')]).toEqual([400, 'RecursiveInvocationException'])
  await server.client.send(new PutFunctionRecursionConfigCommand({ FunctionName: 'f', RecursiveLoop: 'Allow' }))
  expect((await call()).status).toBe(200)
})
