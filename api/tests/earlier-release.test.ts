import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  DeleteFunctionCommand,
  DeleteLayerVersionCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionEventInvokeConfigCommand,
  GetFunctionUrlConfigCommand,
  GetPolicyCommand,
  InvokeCommand,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
  ListLayerVersionsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionUpdatedV2,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { until } from '../testing/faults.ts'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../testing/running-server.ts'

/** A data folder as the release 0.1.0 left it: a function with everything, and an event that failed and one to be retried. */
const archive = fileURLToPath(new URL('../../fixtures/releases/0.1.0.tar.gz', import.meta.url))
const FunctionName = 'everything'

let folder: string
let server: RunningServer
beforeEach(async () => {
  folder = newDataFolder()
  execFileSync('tar', ['-xzf', archive, '-C', folder, '--no-same-owner'])
  server = await startMain(folder)
})
afterEach(async () => {
  await server.end('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const invoke = async (client: LambdaClient, name: string, event: object) => {
  const { Payload } = await client.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }))
  return JSON.parse(Payload?.transformToString() ?? '') as unknown
}
const admin = async (path: string, method = 'GET') =>
  (await (await fetch(`${server.address}/_kubelambda/events${path}`, { method })).json()) as Record<string, never>
/** Payloads of the events in a state. */
const payloads = async (state: string) => {
  const events = (await admin(`/${FunctionName}?state=${state}`))['events'] as unknown as { id: string }[]
  return Promise.all(
    events.map(async ({ id }) => (await admin(`/${FunctionName}/${id}`))['payload'] as unknown as string),
  )
}

test('a data folder of an earlier release is read as it was', async () => {
  const { client } = server
  const { Configuration, Tags, Concurrency } = await client.send(new GetFunctionCommand({ FunctionName }))
  expect(Configuration).toMatchObject({ State: 'Active', Environment: { Variables: { COLOUR: 'blue' } } })
  expect([Tags, Concurrency?.ReservedConcurrentExecutions]).toEqual([{ team: 'a' }, 50])
  const { Versions = [] } = await client.send(new ListVersionsByFunctionCommand({ FunctionName }))
  expect(Versions.map(({ Version, Description }) => [Version, Description])).toEqual([
    ['$LATEST', ''],
    ['1', 'the first'],
  ])
  expect((await client.send(new GetAliasCommand({ FunctionName, Name: 'live' }))).FunctionVersion).toBe('1')
  expect((await client.send(new GetPolicyCommand({ FunctionName }))).Policy).toContain('"Sid":"s"')
  expect((await client.send(new GetFunctionUrlConfigCommand({ FunctionName }))).AuthType).toBe('NONE')
  const config = await client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }))
  expect(config).toMatchObject({ MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 21_600 })
  const { EventSourceMappings } = await client.send(new ListEventSourceMappingsCommand({ FunctionName }))
  expect(EventSourceMappings).toMatchObject([{ EventSourceArn: expect.stringContaining('rule/yearly/') }])
  const { LayerVersions } = await client.send(new ListLayerVersionsCommand({ LayerName: 'words' }))
  expect(LayerVersions).toHaveLength(1)
  expect(await invoke(client, `${FunctionName}:live`, { word: true })).toBe('word')
  expect(await payloads('failed')).toContain('{"fails":"for good"}')
  // Too old for its retry, unless the archive was made a moment ago.
  await until('the other one is kept', async () =>
    [...(await payloads('failed')), ...(await payloads('delayed'))].includes('{"fails":"for now"}'),
  )
})

test('a data folder of an earlier release can be changed, and stays so over a restart', async () => {
  const { client } = server
  const ZipFile = await zipOf('index.js', "exports.handler = async () => 'changed'")
  await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile }))
  await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 30, minDelay: 0.05 }, { FunctionName })
  await client.send(new PublishVersionCommand({ FunctionName }))
  await client.send(new DeleteLayerVersionCommand({ LayerName: 'words', VersionNumber: 1 }))
  expect(await admin(`/${FunctionName}?state=failed`, 'DELETE')).not.toEqual({ removed: 0 })
  await server.end('SIGKILL')
  server = await startMain(folder)
  expect(await invoke(server.client, FunctionName, {})).toBe('changed')
  expect(await invoke(server.client, `${FunctionName}:2`, {})).toBe('changed')
  expect(await invoke(server.client, `${FunctionName}:1`, { word: true })).toBe('word')
  expect(await payloads('failed')).not.toContain('{"fails":"for good"}')
  await server.client.send(new DeleteFunctionCommand({ FunctionName }))
  expect((await server.client.send(new ListFunctionsCommand({}))).Functions).toEqual([])
  expect(await admin('')).toEqual({ functions: [] })
})
