import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ResourceNotFoundException,
  ServiceException,
  UpdateFunctionCodeCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda'
import { newDataFolder, startMain, startProgram, zipOf, type RunningServer } from '../testing/running-server.ts'
import {
  describeWithRedis,
  eventually,
  freePort,
  startRedis,
  type RunningRedis,
} from '../store/redis/testing/redis-server.ts'

const FunctionName = 'f'
const role = 'arn:aws:iam::000000000000:role/any'
const answers = (text: string) => `exports.handler = async () => ${JSON.stringify(text)}`

describeWithRedis('servers that share Redis and a folder of code', () => {
  let redis: RunningRedis
  let folders: string[]
  let one: RunningServer
  let other: RunningServer
  const start = () => {
    const data = newDataFolder()
    folders.push(data)
    const code = pathToFileURL(join(folders[0]!, 'code')).href
    return startMain(data, { KUBELAMBDA_REDIS_URL: redis.url, KUBELAMBDA_CODE_URL: code })
  }
  beforeEach(async () => {
    redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'])
    folders = [mkdtempSync(join(tmpdir(), 'replicas-'))]
    ;[one, other] = await Promise.all([start(), start()])
    await create(one.client, answers('first'))
  }, 60_000)
  afterEach(async () => {
    for (const { process } of [one, other]) if (process.exitCode === null) process.kill('SIGKILL')
    await redis.stop()
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })

  const create = async (client: LambdaClient, code: string, name = FunctionName) => {
    const settings = {
      FunctionName: name,
      Role: role,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: 20,
    } as const
    await client.send(new CreateFunctionCommand({ ...settings, Code: { ZipFile: await zipOf('index.js', code) } }))
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 20 }, { FunctionName: name })
  }
  const invoke = async ({ client }: RunningServer) => {
    const { Payload } = await client.send(new InvokeCommand({ FunctionName }))
    return JSON.parse(Payload?.transformToString() ?? '') as unknown
  }
  const isAway = async ({ client }: RunningServer) => {
    try {
      await client.send(new GetFunctionCommand({ FunctionName: 'unknown' }))
      return false
    } catch (fault) {
      return fault instanceof ServiceException && fault.$metadata.httpStatusCode === 503
    }
  }

  test('a function that one server creates and updates runs on the other, and both serve its code', async () => {
    expect([await invoke(one), await invoke(other)]).toEqual(['first', 'first'])
    const ZipFile = await zipOf('index.js', answers('second'))
    await one.client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile }))
    await waitUntilFunctionUpdatedV2({ client: one.client, maxWaitTime: 20 }, { FunctionName })
    await eventually(async () => (await invoke(other)) === 'second')
    expect(await invoke(one)).toBe('second')
    const { Code } = await one.client.send(new GetFunctionCommand({ FunctionName }))
    const link = (Code?.Location ?? '').replace(one.address, other.address)
    expect(Buffer.from(await (await fetch(link)).arrayBuffer()).equals(ZipFile)).toBe(true)
    await one.client.send(new DeleteFunctionCommand({ FunctionName }))
    await eventually(() =>
      invoke(other).then(
        () => false,
        (fault: unknown) => fault instanceof ResourceNotFoundException,
      ),
    )
  }, 60_000)

  test('a server runs the events that a killed one had accepted', async () => {
    const events = Array.from({ length: 30 }, () => new InvokeCommand({ FunctionName, InvocationType: 'Event' }))
    await Promise.all(events.map((event) => one.client.send(event)))
    await one.end('SIGKILL')
    await eventually(() => redis.cli('--scan', '--pattern', '{kubelambda:events}:event:*') === '', 40_000)
  }, 60_000)

  test('the events of a function that one server deletes are gone at the other, and none runs under its successor', async () => {
    const slow = (answer: string) =>
      `let runs = 0; exports.handler = async ({ count }) => count ? runs : (runs++, await new Promise((resolve) => setTimeout(resolve, 300)), '${answer}')`
    await create(one.client, slow('slow'), 'g')
    const events = Array.from({ length: 200 }, () => new InvokeCommand({ FunctionName: 'g', InvocationType: 'Event' }))
    await Promise.all(events.map((event, at) => (at % 2 === 0 ? one : other).client.send(event)))
    await one.client.send(new DeleteFunctionCommand({ FunctionName: 'g' }))
    await create(other.client, slow('next'), 'g')
    const ofG = () => redis.cli('zrange', '{kubelambda:events}:ready:g', '0', '-1')
    expect([ofG(), redis.cli('--scan', '--pattern', '{kubelambda:events}:event:*')]).toEqual(['', ''])
    for (const { client } of [one, other]) {
      const count = { FunctionName: 'g', Payload: JSON.stringify({ count: true }) }
      expect((await client.send(new InvokeCommand(count))).Payload?.transformToString()).toBe('0')
    }
  }, 60_000)

  test('during an outage of Redis a warm function still runs and all else is 503; afterwards all works without a restart', async () => {
    expect(await invoke(other)).toBe('first')
    await redis.signal('SIGKILL')
    await eventually(() => isAway(other))
    expect(await invoke(other)).toBe('first')
    await expect(other.client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event' }))).rejects.toMatchObject(
      { name: 'ServiceException', $metadata: { httpStatusCode: 503 } },
    )
    await redis.restart()
    await eventually(async () => !(await isAway(other)))
    await create(other.client, answers('new'), 'g')
    expect(await invoke(one)).toBe('first')
  }, 60_000)

  test('a server that does not share its code warns at start, and names the setting', async () => {
    const data = newDataFolder()
    folders.push(data)
    const alone = await startMain(data, { KUBELAMBDA_REDIS_URL: redis.url })
    expect(alone.output()).toMatch(/WARN KUBELAMBDA_CODE_URL is not set: .*other servers/)
    await alone.end('SIGTERM')
    expect(one.output()).not.toContain('KUBELAMBDA_CODE_URL')
  })

  test('two servers do not share a data folder', async () => {
    const second = startProgram({ KUBELAMBDA_DATA: folders[1]!, KUBELAMBDA_REDIS_URL: redis.url })
    expect(await second.exited).toBe(1)
    expect(second.output()).toMatch(/^kubelambda: Another kubelambda server is using the data folder .*\n$/)
  })

  test('a server that starts before Redis answers 503 at once, and serves once Redis is up', async () => {
    await redis.signal('SIGKILL')
    const [data, port] = [newDataFolder(), await freePort()]
    folders.push(data)
    const address = `http://127.0.0.1:${String(port)}`
    const code = pathToFileURL(join(folders[0]!, 'code')).href
    const settings = { KUBELAMBDA_DATA: data, KUBELAMBDA_CODE_URL: code, KUBELAMBDA_PORT: String(port) }
    const late = startProgram({ ...settings, KUBELAMBDA_REDIS_URL: redis.url })
    await eventually(() => /cannot be reached: .*ECONNREFUSED.*KUBELAMBDA_REDIS_URL\.\n/.test(late.output()))
    expect((await fetch(`${address}/health`)).status).toBe(503)
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const client = new LambdaClient({ endpoint: address, region: 'us-east-1', credentials, maxAttempts: 1 })
    const refusal = { name: 'ServiceException', $metadata: { httpStatusCode: 503 } }
    await expect(client.send(new InvokeCommand({ FunctionName }))).rejects.toMatchObject(refusal)
    await expect(create(client, answers('late'), 'late')).rejects.toMatchObject(refusal)
    await redis.restart()
    await late.ready
    expect((await fetch(`${address}/health`)).status).toBe(200)
    await create(client, answers('late'), 'late')
    client.destroy()
    late.child.kill('SIGTERM')
    expect(await late.exited).toBe(0)
  }, 60_000)

  test('a server that waits for Redis ends on SIGTERM', async () => {
    const data = newDataFolder()
    folders.push(data)
    const waiting = startProgram({ KUBELAMBDA_DATA: data, KUBELAMBDA_REDIS_URL: 'redis://127.0.0.1:1' })
    await eventually(() => waiting.output().includes('cannot be reached'))
    waiting.child.kill('SIGTERM')
    expect(await waiting.exited).toBe(0)
    expect(waiting.output().trim().split('\n')).toHaveLength(1)
  })

  test('a missing password fails the start with one line that names the setting', async () => {
    redis.cli('config', 'set', 'requirepass', 'secret')
    const data = newDataFolder()
    folders.push(data)
    const refused = startProgram({ KUBELAMBDA_DATA: data, KUBELAMBDA_REDIS_URL: redis.url })
    expect(await refused.exited).toBe(1)
    expect(refused.output()).toMatch(/^kubelambda: Redis at .* cannot be used: NOAUTH.*KUBELAMBDA_REDIS_URL\.\n$/)
  })
})
