import { rmSync } from 'node:fs'
import {
  CreateAliasCommand,
  InvokeCommand,
  PublishVersionCommand,
  PutFunctionEventInvokeConfigCommand,
  type PutFunctionEventInvokeConfigCommandInput,
} from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createRecording, startRecorder, until, type Recorder } from '../testing/faults.ts'
import { newDataFolder, startMain, type RunningServer } from '../testing/running-server.ts'

/** The members of a destination's message that the tests read. */
interface Told {
  readonly requestContext: {
    readonly functionArn: string
    readonly condition: string
    readonly approximateInvokeCount: number
  }
  readonly requestPayload: object
  readonly responseContext?: { readonly executedVersion: string; readonly functionError?: string }
}

let folder: string
let recorder: Recorder
let server: RunningServer
beforeEach(async () => {
  folder = newDataFolder()
  recorder = await startRecorder()
})
afterEach(async () => {
  await server.end('SIGKILL')
  recorder.close()
  rmSync(folder, { recursive: true, force: true })
})

const arnOf = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`
/** Fails when told to, and says each time that it runs. */
const failing = `exports.handler = async ({ ok }, { functionVersion }) => {
  await record('ran ' + functionVersion)
  if (!ok) throw new Error('it fails')
}`
const telling = `exports.handler = async (event) => record('told ' + JSON.stringify(event))`

const start = async (retrySeconds: string) => {
  server = await startMain(folder, { KUBELAMBDA_RETRY_SECONDS: retrySeconds })
}
const create = async () => {
  const { client } = server
  await Promise.all([
    createRecording(client, { FunctionName: 'f', code: failing, recorder }),
    createRecording(client, { FunctionName: 'failures', code: telling, recorder }),
    createRecording(client, { FunctionName: 'successes', code: telling, recorder }),
  ])
}
const configure = (settings: Partial<PutFunctionEventInvokeConfigCommandInput>) =>
  server.client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: 'f', ...settings }))
const destinations = {
  OnSuccess: { Destination: arnOf('successes') },
  OnFailure: { Destination: arnOf('failures') },
}
const send = (event: object, Qualifier?: string) =>
  server.client.send(
    new InvokeCommand({ FunctionName: 'f', InvocationType: 'Event', Payload: JSON.stringify(event), Qualifier }),
  )
const told = () =>
  recorder.lines.filter((line) => line.startsWith('told ')).map((line) => JSON.parse(line.slice(5)) as Told)
const runs = (version: string) => recorder.lines.filter((line) => line === `ran ${version}`).length

test('retries and destinations are those of the invoked version or alias', async () => {
  await start('0')
  await create()
  await server.client.send(new PublishVersionCommand({ FunctionName: 'f' }))
  await server.client.send(new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1' }))
  await configure({ MaximumRetryAttempts: 0, DestinationConfig: destinations })
  await configure({ Qualifier: '1', MaximumRetryAttempts: 1, DestinationConfig: { OnFailure: destinations.OnFailure } })
  await configure({
    Qualifier: 'live',
    DestinationConfig: { OnSuccess: destinations.OnSuccess, OnFailure: destinations.OnFailure },
  })
  await send({ of: 'latest' })
  await send({ of: 'version' }, '1')
  await send({ of: 'alias' }, 'live')
  await send({ of: 'alias', ok: true }, 'live')
  await until('all were told', () => told().length === 4)
  const facts = told().map(({ requestContext, requestPayload, responseContext }) => ({
    ...requestContext,
    ...responseContext,
    requestPayload,
  }))
  const failed = { condition: 'RetriesExhausted', functionError: 'Unhandled' }
  for (const expected of [
    {
      functionArn: arnOf('f:$LATEST'),
      approximateInvokeCount: 1,
      executedVersion: '$LATEST',
      requestPayload: { of: 'latest' },
      ...failed,
    },
    {
      functionArn: arnOf('f:1'),
      approximateInvokeCount: 2,
      executedVersion: '1',
      requestPayload: { of: 'version' },
      ...failed,
    },
    {
      functionArn: arnOf('f:live'),
      approximateInvokeCount: 3,
      executedVersion: '1',
      requestPayload: { of: 'alias' },
      ...failed,
    },
    {
      functionArn: arnOf('f:live'),
      approximateInvokeCount: 1,
      executedVersion: '1',
      condition: 'Success',
      requestPayload: { of: 'alias', ok: true },
    },
  ]) {
    expect(facts).toContainEqual(expect.objectContaining(expected))
  }
  expect([runs('$LATEST'), runs('1')]).toEqual([1, 6])
}, 120_000)

test('an event whose retry would exceed its maximum age is discarded at once, and sent to the destination', async () => {
  await start('60')
  await create()
  await configure({ MaximumEventAgeInSeconds: 60, DestinationConfig: destinations })
  await send({})
  await until('the failure is told', () => told().length === 1)
  expect(told()[0]).toMatchObject({
    requestContext: { condition: 'EventAgeExceeded', approximateInvokeCount: 1 },
    responseContext: { executedVersion: '$LATEST', functionError: 'Unhandled' },
  })
  expect(runs('$LATEST')).toBe(1)
}, 120_000)

test('when a server is killed while an event waits for its retry, the next server continues with its attempts', async () => {
  await start('1')
  await create()
  await configure({ MaximumRetryAttempts: 1, DestinationConfig: destinations })
  await send({})
  await until('it ran once', () => runs('$LATEST') === 1)
  const isDelayed = async () => {
    const response = await fetch(`${server.address}/_kubelambda/events/f?state=delayed`)
    return ((await response.json()) as { events: object[] }).events.length === 1
  }
  await until('it waits', isDelayed)
  await server.end('SIGKILL')
  await start('1')
  await until('the failure is told', () => told().length === 1)
  expect(told()[0]).toMatchObject({ requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 2 } })
  expect(runs('$LATEST')).toBe(2)
}, 120_000)

test('events of a function with tenant isolation run in environments of their tenant', async () => {
  await start('0')
  const code = `let owner
exports.handler = async (event, { tenantId }) => {
  owner ??= tenantId
  await record('of ' + event.of + ' for ' + tenantId + ' in that of ' + owner)
  if (event.fails) throw new Error('again')
}`
  const TenancyConfig = { TenantIsolationMode: 'PER_TENANT' } as const
  await createRecording(server.client, { FunctionName: 'f', code, recorder }, { TenancyConfig })
  const sendFor = (TenantId: string | undefined, event: object) =>
    server.client.send(
      new InvokeCommand({ FunctionName: 'f', InvocationType: 'Event', Payload: JSON.stringify(event), TenantId }),
    )
  await expect(sendFor(undefined, {})).rejects.toMatchObject({ name: 'InvalidParameterValueException' })
  await sendFor('one', { of: 'one', fails: true })
  await sendFor('two', { of: 'two' })
  await until('all ran', () => recorder.lines.length === 4)
  expect(recorder.lines.toSorted()).toEqual([
    ...Array.from({ length: 3 }, () => 'of one for one in that of one'),
    'of two for two in that of two',
  ])
}, 120_000)
