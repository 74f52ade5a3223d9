import { rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  DeleteFunctionCommand,
  InvokeCommand,
  PublishLayerVersionCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { buildFixture } from '../../fixtures/build.ts'
import { webAdapter, webServer } from '../../runtime-bootstrap/extensions/extension.harness.ts'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../testing/running-server.ts'

const folder = newDataFolder()
let server: RunningServer
let layer: string

beforeAll(async () => {
  server = await startMain(folder)
  const ZipFile = await readFile(await buildFixture('layer-extension'))
  layer = await publish('witness', ZipFile)
})

afterAll(async () => {
  await server.end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

async function publish(LayerName: string, ZipFile: Uint8Array): Promise<string> {
  const published = await server.client.send(new PublishLayerVersionCommand({ LayerName, Content: { ZipFile } }))
  return published.LayerVersionArn ?? ''
}

async function create(FunctionName: string, code: string, changes: Partial<CreateFunctionCommandInput> = {}) {
  const Role = 'arn:aws:iam::000000000000:role/any'
  const settings = { FunctionName, Role, Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 2 } as const
  const Code = { ZipFile: await zipOf(code.startsWith('#!') ? 'bootstrap' : 'index.js', code) }
  await server.client.send(new CreateFunctionCommand({ ...settings, Code, Layers: [layer], ...changes }))
  await waitUntilFunctionActiveV2({ client: server.client, maxWaitTime: 20, minDelay: 0.02 }, { FunctionName })
}

async function invoke(FunctionName: string, event: unknown) {
  const Payload = Buffer.from(JSON.stringify(event))
  const answer = await server.client.send(new InvokeCommand({ FunctionName, Payload, LogType: 'Tail' }))
  const log = Buffer.from(answer.LogResult ?? '', 'base64').toString()
  return {
    payload: answer.Payload?.transformToString(),
    error: answer.FunctionError,
    log,
    id: answer.$metadata.requestId,
  }
}

async function untilOutputHas(text: string): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!server.output().includes(text)) {
    if (Date.now() > deadline) throw new Error(`The server never printed: ${text}\n${server.output()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test('an extension in a layer runs beside the function, writes to its log and receives SHUTDOWN', async () => {
  await create('f', 'exports.handler = async (event) => event')
  for (let round = 0; round < 2; round++) {
    const { payload, log, id } = await invoke('f', { round })
    expect(payload).toBe(JSON.stringify({ round }))
    expect(log).toContain(`witness: invocation ${id}\n`)
  }
  await untilOutputHas('EXTENSION\tName: witness\tState: Ready\tEvents: [INVOKE, SHUTDOWN]')
  await server.client.send(new DeleteFunctionCommand({ FunctionName: 'f' }))
  await untilOutputHas('witness: end for spindown')
})

test('an extension is notified of a timeout, and runs again in the next invocation', async () => {
  await create(
    'g',
    'exports.handler = (event) => event.hang ? new Promise(() => setInterval(() => 0, 99)) : Promise.resolve(1)',
  )
  const hung = await invoke('g', { hang: true })
  expect(hung.error).toBe('Unhandled')
  expect(hung.payload).toContain('Task timed out after 2.00 seconds')
  await untilOutputHas('witness: end for timeout')
  const { payload, log, id } = await invoke('g', {})
  expect(payload).toBe('1')
  expect(log).toContain(`witness: invocation ${id}\n`)
})

test('a web server without Lambda support responds through an adapter in a layer', async () => {
  const Layers = [await publish('adapter', await zipOf('extensions/adapter', webAdapter))]
  await create('web', webServer, { Runtime: 'provided.al2023', Layers, Timeout: 10 })
  for (const path of ['/a', '/b']) {
    const { payload, error } = await invoke('web', { path })
    expect([JSON.parse(payload ?? ''), error]).toEqual([{ statusCode: 200, body: `page ${path}` }, undefined])
  }
  await server.client.send(new DeleteFunctionCommand({ FunctionName: 'web' }))
  await untilOutputHas('the web server ends')
})
