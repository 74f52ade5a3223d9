import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutProvisionedConcurrencyConfigCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../testing/running-server.ts'
import { describeWithRedis, eventually, startRedis, type RunningRedis } from '../store/redis/testing/redis-server.ts'

/** Counts functions that run at the same time: each holds a connection while it runs, and loses it when it dies. */
async function openCounter() {
  const running = new Set<unknown>()
  const seen = { most: 0, runs: 0 }
  const server: Server = createServer((socket) => {
    running.add(socket)
    seen.runs++
    seen.most = Math.max(seen.most, running.size)
    socket.on('error', () => undefined)
    // A function answers only when it knows that this was seen.
    socket.on('end', () => running.delete(socket))
    socket.on('close', () => running.delete(socket))
    socket.resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, seen, running: () => running.size, close: () => server.close() }
}

const code = (port: number, answer: string) => `
const { connect } = require('node:net')
exports.handler = () => new Promise((resolve, reject) => {
  const socket = connect(${String(port)}, '127.0.0.1', () => setTimeout(() => socket.end(), 20))
  socket.on('close', () => resolve(${JSON.stringify(answer)}))
  socket.on('error', reject)
})`

/** Holds its connection from its initialisation until its environment ends. */
const heldCode = (port: number) => `
require('node:net').connect(${String(port)}, '127.0.0.1').unref()
exports.handler = async () => 'held'`

describeWithRedis('three servers that share a Redis', () => {
  let redis: RunningRedis
  let shared = ''
  const folders: string[] = []
  let servers: RunningServer[] = []
  let counter: Awaited<ReturnType<typeof openCounter>>

  beforeAll(async () => {
    redis = await startRedis(['--appendonly', 'yes'])
  })
  afterAll(() => redis.stop())
  beforeEach(async () => {
    redis.cli('FLUSHALL')
    shared = mkdtempSync(join(tmpdir(), 'kubelambda-code-'))
    counter = await openCounter()
    servers = await Promise.all([start(), start(), start()])
  })
  afterEach(async () => {
    await Promise.all(servers.filter(isRunning).map((server) => server.end('SIGKILL')))
    counter.close()
    for (const folder of [shared, ...folders.splice(0)]) rmSync(folder, { recursive: true, force: true })
  })

  function isRunning({ process }: RunningServer): boolean {
    return process.exitCode === null && process.signalCode === null
  }

  function start(): Promise<RunningServer> {
    const folder = newDataFolder()
    folders.push(folder)
    return startMain(folder, {
      KUBELAMBDA_REDIS_URL: redis.url,
      KUBELAMBDA_CODE_URL: `file://${shared}`,
      KUBELAMBDA_CONCURRENCY: '110',
    })
  }

  const clientOf = (index: number): LambdaClient => {
    const server = servers[index % servers.length]
    if (server === undefined) throw new Error('there is no server')
    return server.client
  }

  async function create(FunctionName: string, text = code(counter.port, 'one')): Promise<void> {
    const settings = { Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 20 } as const
    const ZipFile = await zipOf('index.js', text)
    const Role = 'arn:aws:iam::000000000000:role/any'
    await clientOf(0).send(new CreateFunctionCommand({ FunctionName, Role, ...settings, Code: { ZipFile } }))
    await waitUntilFunctionActiveV2({ client: clientOf(1), maxWaitTime: 20 }, { FunctionName })
  }

  /** The result of an invocation through one of the servers: its response, or the name of the error. */
  async function invoke(FunctionName: string, index: number): Promise<unknown> {
    try {
      const { Payload } = await clientOf(index).send(new InvokeCommand({ FunctionName }))
      return JSON.parse(Payload?.transformToString() ?? '')
    } catch (error) {
      return error instanceof Error ? error.name : error
    }
  }

  /** Invokes through all servers, `width` at once, until `count` were answered in all. */
  async function load(FunctionName: string, width: number, count: number): Promise<Map<unknown, number>> {
    const outcomes = new Map<unknown, number>()
    let next = 0
    const worker = async () => {
      while (next < count) {
        const outcome = await invoke(FunctionName, next++)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: width }, worker))
    return outcomes
  }

  test('servers run the functions that others create and update; no old code runs after an update', async () => {
    await create('f')
    expect(await Promise.all([0, 1, 2].map((index) => invoke('f', index)))).toEqual(['one', 'one', 'one'])
    const ZipFile = await zipOf('index.js', code(counter.port, 'two'))
    await clientOf(2).send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile }))
    await waitUntilFunctionUpdatedV2({ client: clientOf(1), maxWaitTime: 20 }, { FunctionName: 'f' })
    expect(await Promise.all([0, 1, 2].map((index) => invoke('f', index)))).toEqual(['two', 'two', 'two'])
    const { FunctionName } = await clientOf(0).send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }))
    expect(FunctionName).toBe('f')
  })

  test('a function never exceeds its reserved concurrency, while servers are killed and started', async () => {
    await create('f')
    const ReservedConcurrentExecutions = 3
    await clientOf(0).send(new PutFunctionConcurrencyCommand({ FunctionName: 'f', ReservedConcurrentExecutions }))
    const before = await load('f', 12, 150)
    expect(before.get('TooManyRequestsException')).toBeGreaterThan(0)
    const under = load('f', 12, 300)
    await servers[0]?.end('SIGKILL')
    servers[0] = await start()
    await under
    expect((await load('f', 12, 60)).get('one')).toBeGreaterThan(0)
    // No permit was lost on the way: a machine with enough time uses all of them at once.
    const deadline = Date.now() + 30_000
    while (counter.seen.most < 3 && Date.now() < deadline) await load('f', 12, 60)
    expect(counter.seen.most).toBe(3)
  }, 120_000)

  test('servers catch up with the changes that they missed once their subscriptions are restored', async () => {
    await create('f', heldCode(counter.port))
    await clientOf(0).send(new PublishVersionCommand({ FunctionName: 'f' }))
    await waitUntilFunctionActiveV2({ client: clientOf(0), maxWaitTime: 20 }, { FunctionName: 'f', Qualifier: '1' })
    const change = async (command: () => Promise<unknown>) => {
      redis.cli('acl', 'setuser', 'default', '-subscribe')
      redis.cli('client', 'kill', 'type', 'pubsub')
      await command()
      redis.cli('acl', 'setuser', 'default', '+subscribe')
    }
    const wanted = { FunctionName: 'f', Qualifier: '1', ProvisionedConcurrentExecutions: 1 }
    await change(() => clientOf(0).send(new PutProvisionedConcurrencyConfigCommand(wanted)))
    await eventually(() => counter.running() === 3, 60_000)
    await change(() => clientOf(0).send(new DeleteFunctionCommand({ FunctionName: 'f' })))
    await eventually(() => counter.running() === 0, 60_000)
  }, 180_000)

  test('all functions and servers together never exceed the concurrency limit of the account', async () => {
    await Promise.all([create('f'), create('g')])
    const reserve = { FunctionName: 'g', ReservedConcurrentExecutions: 5 }
    await clientOf(0).send(new PutFunctionConcurrencyCommand(reserve))
    await Promise.all([load('f', 6, 60), load('g', 6, 60)])
    expect(counter.seen.most).toBeLessThanOrEqual(12)
    expect(counter.seen.runs).toBeGreaterThan(60)
  }, 60_000)
})
