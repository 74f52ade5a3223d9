import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import {
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionUrlConfigCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionEventInvokeConfigCommand,
  GetFunctionUrlConfigCommand,
  InvokeCommand,
  ListEventSourceMappingsCommand,
  ListLayerVersionsCommand,
  ListVersionsByFunctionCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import { describeWithRedis, startRedis, type RunningRedis } from '../store/redis/testing/redis-server.ts'
import { createRecording, startRecorder, until, type Recorder } from '../testing/faults.ts'
import { hasReleaseBefore, openReleaseBefore, type ReleaseBefore } from '../testing/release-before.ts'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../testing/running-server.ts'

/** The data that an update from the previous release must keep. Skipped when the git history does not contain that release. */
const describeUpdate = hasReleaseBefore() ? describe : describe.skip

const code = `exports.handler = async ({ line }) => { await record(line); return 'ran ' + line }`

describeUpdate('an update from the release before', () => {
  let before: ReleaseBefore
  let recorder: Recorder
  let servers: RunningServer[] = []
  let folders: string[] = []

  beforeAll(async () => {
    before = openReleaseBefore()
    recorder = await startRecorder()
  })
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.end('SIGKILL')))
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    servers = []
    folders = []
  })
  afterAll(() => {
    before.remove()
    recorder.close()
  })

  async function start(settings: Record<string, string>, program?: string): Promise<RunningServer> {
    const folder = settings['KUBELAMBDA_DATA'] ?? newDataFolder()
    folders.push(folder)
    const server = await startMain(folder, settings, program === undefined ? {} : { program })
    servers.push(server)
    return server
  }

  test('goes on with the data folder: every resource as it was, and every acknowledged event', async () => {
    const KUBELAMBDA_DATA = newDataFolder()
    const old = await start({ KUBELAMBDA_DATA }, before.program)
    await createEverything(old.client, recorder)
    const kept = await describeEverything(old.client)
    const lines = Array.from({ length: 20 }, (_, number) => `kept-${String(number)}`)
    await Promise.all(lines.map((line) => send(old.client, line)))
    await old.end('SIGKILL')

    const updated = await start({ KUBELAMBDA_DATA })
    expect(await describeEverything(updated.client)).toEqual(kept)
    expect(await invoke(updated.client, 'everything:live', 'after')).toBe('ran after')
    await until('every event ran', () => lines.every((line) => recorder.times.has(line)))
  }, 120_000)

  describeWithRedis('of servers that share Redis', () => {
    let redis: RunningRedis
    beforeAll(async () => void (redis = await startRedis(['--appendonly', 'yes'])))
    afterAll(() => redis.stop())

    test('loses no call and no event while both releases serve', async () => {
      const codeFolder = mkdtempSync(join(tmpdir(), 'kubelambda-code-'))
      const shared = { KUBELAMBDA_REDIS_URL: redis.url, KUBELAMBDA_CODE_URL: `file://${codeFolder}` }
      let living = [await start(shared, before.program), await start(shared, before.program)]
      await createEverything(living[0]!.client, recorder)
      const kept = await describeEverything(living[0]!.client)

      const load = { isOver: false, sent: [] as string[], failed: [] as string[] }
      const sending = Promise.all([0, 1].map((sender) => sendSteadily(sender, () => living, load)))
      for (const leaving of [...living]) {
        const joining = await start(shared)
        expect(await describeEverything(joining.client)).toEqual(kept)
        const enough = load.sent.length + 40
        living = [...living.filter((server) => server !== leaving), joining]
        await until('both releases serve', () => load.sent.length >= enough)
        expect(await leaving.end('SIGTERM')).toBe(0)
      }
      load.isOver = true
      await sending
      expect(load.failed).toEqual([])
      await until('every event ran', () => load.sent.every((line) => recorder.times.has(line)))
      expect(await describeEverything(living[0]!.client)).toEqual(kept)
      folders.push(codeFolder)
    }, 240_000)
  })
})

/** Invokes in turn, synchronously and asynchronously, on a server that is not about to leave. */
async function sendSteadily(
  sender: number,
  living: () => readonly RunningServer[],
  load: { readonly isOver: boolean; sent: string[]; failed: string[] },
): Promise<void> {
  for (let number = 0; !load.isOver; number++) {
    const line = `update-${String(sender)}-${String(number)}`
    const { client } = living()[number % 2]!
    try {
      if (number % 3 === 0) expect(await invoke(client, 'everything:live', line)).toBe(`ran ${line}`)
      else await send(client, line)
      load.sent.push(line)
    } catch (fault) {
      load.failed.push(`${line}: ${String(fault)}`)
    }
  }
}

async function createEverything(client: LambdaClient, recorder: Recorder): Promise<void> {
  const layer = { LayerName: 'words', Content: { ZipFile: await zipOf('word.txt', 'word') } }
  const { LayerVersionArn = '' } = await client.send(new PublishLayerVersionCommand(layer))
  const FunctionName = 'everything'
  await createRecording(client, { FunctionName, code, recorder }, { Layers: [LayerVersionArn], Tags: { team: 'a' } })
  await client.send(new PublishVersionCommand({ FunctionName }))
  await client.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }))
  await client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 50 }))
  await client.send(
    new PutFunctionEventInvokeConfigCommand({ FunctionName, Qualifier: 'live', MaximumRetryAttempts: 2 }),
  )
  await client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' }))
  const schedule = 'arn:aws:events:us-east-1:000000000000:rule/yearly/cron(0 0 1 1 ? *)'
  await client.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: schedule }))
}

/** What the API says of everything, without what differs between servers. */
async function describeEverything(client: LambdaClient): Promise<unknown> {
  const FunctionName = 'everything'
  const answers = [
    await client.send(new GetFunctionCommand({ FunctionName })),
    await client.send(new GetFunctionCommand({ FunctionName, Qualifier: '1' })),
    await client.send(new ListVersionsByFunctionCommand({ FunctionName })),
    await client.send(new GetAliasCommand({ FunctionName, Name: 'live' })),
    await client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName, Qualifier: 'live' })),
    await client.send(new GetFunctionUrlConfigCommand({ FunctionName })),
    await client.send(new ListEventSourceMappingsCommand({ FunctionName })),
    await client.send(new ListLayerVersionsCommand({ LayerName: 'words' })),
  ]
  const ofServer = new Set(['$metadata', 'Location', 'FunctionUrl', 'RuntimeVersionArn', 'LastProcessingResult'])
  return JSON.parse(JSON.stringify(answers, (key, value: unknown) => (ofServer.has(key) ? undefined : value)))
}

async function invoke(client: LambdaClient, FunctionName: string, line: string): Promise<unknown> {
  const { Payload } = await client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify({ line }) }))
  return JSON.parse(Payload?.transformToString() ?? '')
}

async function send(client: LambdaClient, line: string): Promise<void> {
  const event = { FunctionName: 'everything:live', InvocationType: 'Event', Payload: JSON.stringify({ line }) } as const
  await client.send(new InvokeCommand(event))
}
