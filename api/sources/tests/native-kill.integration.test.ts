import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  AddPermissionCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { changeDocument } from '../../functions/catalogue/document-change.ts'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../../testing/running-server.ts'
import { openRedisStore } from '../../store/redis/redis-store.ts'
import { describeWithRedis, startRedis, type RunningRedis } from '../../store/redis/testing/redis-server.ts'
import type { EventSourceMapping } from '../mappings/mapping.ts'
import { eventually } from '../testing/eventually.ts'

/** Tells the test what came, one after the other: entries of a stream, ticks of a schedule, webhooks. */
const recorder = `
exports.handler = async (event) => {
  const tell = (kind, body) => fetch(process.env.RECORDER + '/' + kind, { method: 'POST', body })
  for (const { redisStream } of event.Records ?? []) await tell('entry', redisStream.fields.n)
  if (event['detail-type'] === 'Scheduled Event') await tell('tick', event.time)
  if (event.requestContext?.http) await tell('webhook', event.body)
  return 'taken'
}`

/** A larger number of entries is asked for by KUBELAMBDA_TEST_ENTRIES. */
const entries = Number(process.env['KUBELAMBDA_TEST_ENTRIES'] ?? 200)
const hourMs = 3_600_000

describeWithRedis('servers that share a Redis and are killed', () => {
  let redis: RunningRedis
  let recorderServer: Server
  const told: Record<string, string[]> = { '/entry': [], '/tick': [], '/webhook': [] }
  const folders: string[] = []
  const servers: RunningServer[] = []
  beforeAll(async () => {
    redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'])
    recorderServer = createServer((asked, response) => {
      void text(asked).then((body) => {
        told[asked.url ?? '']?.push(body)
        response.end()
      })
    }).listen(0, '127.0.0.1')
    await once(recorderServer, 'listening')
    folders.push(mkdtempSync(join(tmpdir(), 'kubelambda-code-')))
  })
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.end('SIGKILL')))
    await redis.stop()
    recorderServer.closeAllConnections()
    recorderServer.close()
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })

  const start = async (): Promise<RunningServer> => {
    const folder = newDataFolder()
    folders.push(folder)
    const server = await startMain(folder, {
      KUBELAMBDA_REDIS_URL: redis.url,
      KUBELAMBDA_CODE_URL: `file://${folders[0] ?? ''}`,
      KUBELAMBDA_REDIS_SOURCES: `main=${redis.url}`,
    })
    servers.push(server)
    return server
  }
  const add = (from: number, to: number) => {
    for (let n = from; n < to; n++) redis.cli('XADD', 'numbers', '*', 'n', String(n))
  }
  const newFunction = async ({ client }: RunningServer) => {
    const { port } = recorderServer.address() as AddressInfo
    const Environment = { Variables: { RECORDER: `http://127.0.0.1:${port}` } }
    const Code = { ZipFile: await zipOf('index.js', recorder) }
    const members = {
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/r',
    } as const
    await client.send(new CreateFunctionCommand({ FunctionName: 'f', Code, Environment, ...members }))
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 60 }, { FunctionName: 'f' })
  }
  /** Answers the path of a URL that everybody may ask. */
  const newUrl = async ({ client }: RunningServer): Promise<string> => {
    const everybody = { StatementId: 'all', Action: 'lambda:InvokeFunctionUrl', Principal: '*' }
    await client.send(new AddPermissionCommand({ FunctionName: 'f', ...everybody, FunctionUrlAuthType: 'NONE' }))
    const command = new CreateFunctionUrlConfigCommand({ FunctionName: 'f', AuthType: 'NONE' })
    return new URL((await client.send(command)).FunctionUrl ?? '').pathname
  }
  const map = async ({ client }: RunningServer, EventSourceArn: string, members: object = {}) => {
    const command = new CreateEventSourceMappingCommand({ FunctionName: 'f', EventSourceArn, ...members })
    return (await client.send(command)).UUID ?? ''
  }
  /** Enabled so much earlier, as when all servers had been down since. */
  const enableEarlier = async (id: string, byMs: number): Promise<number> => {
    const log = { info: () => undefined, warn: () => undefined }
    const store = await openRedisStore({ url: redis.url, replicaId: 'test', log })
    const changed = await changeDocument<EventSourceMapping>(
      store.documents,
      { kind: 'event-source-mapping', id },
      (mapping) => mapping && { ...mapping, enabledMs: (mapping.enabledMs ?? 0) - byMs },
    )
    await store.close()
    return changed?.enabledMs ?? 0
  }
  const post = async (server: RunningServer, url: string, body: string) => {
    const asked = request(new URL(url, server.address), { method: 'POST', headers: { 'content-type': 'text/plain' } })
    asked.end(body)
    const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream]
    return text(response)
  }

  test('run every entry of a stream in order, a tick that was due while none ran once, and webhooks', async () => {
    const first = await start()
    await newFunction(first)
    const schedule = await map(first, 'arn:aws:events:us-east-1:000000000000:rule/hourly/rate(1 hour)')
    const url = await newUrl(first)
    const stream = 'arn:aws:elasticache:us-east-1:000000000000:stream/main/numbers'
    await map(first, stream, { StartingPosition: 'TRIM_HORIZON', BatchSize: 5 })
    const third = Math.floor(entries / 3)
    add(0, third)
    await eventually(() => (told['/entry']?.length ?? 0) > third / 2)
    await first.end('SIGKILL')

    const enabledMs = await enableEarlier(schedule, 2.5 * hourMs)
    add(third, 2 * third)
    const second = await start()
    await eventually(() => new Set(told['/entry']).size > 1.5 * third)
    await eventually(() => (told['/tick']?.length ?? 0) > 0)
    expect(await post(second, url, 'hook')).toContain('taken')
    // The second has all leases when it dies, the third is there already.
    const last = await start()
    await second.end('SIGKILL')
    add(2 * third, entries)
    expect(await post(last, url, 'hook again')).toContain('taken')
    await eventually(() => new Set(told['/entry']).size === entries)

    const numbers = told['/entry']?.map(Number) ?? []
    const firsts = numbers.filter((number, index) => numbers.indexOf(number) === index)
    expect(firsts).toEqual(Array.from({ length: entries }, (_, index) => index))
    expect(told['/tick']).toEqual([`${new Date(enabledMs + 2 * hourMs).toISOString().slice(0, 19)}Z`])
    expect(told['/webhook']).toEqual(['hook', 'hook again'])
  }, 300_000)
})
