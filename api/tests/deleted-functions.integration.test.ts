import { rmSync } from 'node:fs'
import {
  DeleteFunctionCommand,
  InvokeCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { openEmbeddedStore } from '../store/embedded/embedded-store.ts'
import { createRecording, startRecorder, until, type Recorder } from '../testing/faults.ts'
import { newDataFolder, startMain, type RunningServer } from '../testing/running-server.ts'

const code = `exports.handler = async ({ id, fails, waits }) => {
  await record(id)
  if (fails) throw new Error('failed')
  if (waits) await new Promise((resolve) => setTimeout(resolve, 60_000))
}`
const FunctionName = 'f'

let recorder: Recorder
let folder: string
let server: RunningServer
beforeEach(async () => {
  recorder = await startRecorder()
  folder = newDataFolder()
  server = await startMain(folder)
})
afterEach(async () => {
  await server.end('SIGKILL')
  recorder.close()
  rmSync(folder, { recursive: true, force: true })
})

const create = () => createRecording(server.client, { FunctionName, code, recorder }, { Timeout: 120 })
const send = (event: object) =>
  server.client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: JSON.stringify(event) }))
const admin = async (path: string, method = 'GET') =>
  (await (await fetch(`${server.address}/_kubelambda/events${path}`, { method })).json()) as Record<string, never>
const counts = async () => {
  const [found] = (await admin(''))['functions'] as unknown as Record<string, number>[]
  return found === undefined ? undefined : [found['ready'], found['delayed'], found['inFlight'], found['failed']]
}

/** One event in each state: failed, delayed, in flight and ready. */
async function oneOfEach(): Promise<void> {
  const { client } = server
  await client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 0 }))
  await send({ id: 'failed', fails: true })
  await until('one failed', async () => (await counts())?.[3] === 1)
  await client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 2 }))
  await send({ id: 'delayed', fails: true })
  await until('one is delayed', async () => (await counts())?.[1] === 1)
  await client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 1 }))
  await send({ id: 'in flight', waits: true })
  await until('one runs', () => recorder.times.has('in flight'))
  await send({ id: 'throttled' })
}

test('the events of a deleted function are gone, and none runs under the next function of its name', async () => {
  await create()
  await oneOfEach()
  await server.client.send(new DeleteFunctionCommand({ FunctionName }))
  expect(await counts()).toBeUndefined()
  await create()
  expect(await admin('/f/run?state=failed', 'POST')).toEqual({ run: 0 })
  await send({ id: 'of the next' })
  await until('it ran', () => recorder.times.has('of the next'))
  await until('nothing is left', async () => (await counts()) === undefined)
  expect([...recorder.times.keys()]).toEqual(['failed', 'delayed', 'in flight', 'of the next'])
  expect(server.output()).toContain('4 events of f are discarded: their function was deleted.')
})

test('what a server that died left of a deleted function is gone after the next start', async () => {
  await create()
  await oneOfEach()
  await server.end('SIGKILL')
  // As if it had died right after the function was removed.
  const store = openEmbeddedStore(folder)
  const { revision = 0 } = (await store.catalogue.find(FunctionName)) ?? {}
  expect(await store.catalogue.remove(FunctionName, revision)).toBe(true)
  await store.close()
  server = await startMain(folder)
  expect(await counts()).toBeUndefined()
})
