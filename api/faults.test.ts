import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  createRecording,
  faultSize,
  functionProcesses,
  killFunction,
  startRecorder,
  tell,
  until,
  type Recorder,
} from './faults.harness.ts'
import { newDataFolder, startMain, type RunningServer } from './main.harness.ts'
import { describeWithRedis, startRedis, type RunningRedis } from './store/redis/testing/redis-server.ts'

/** An event runs again that was running when its server or function was killed: a few of each kill. */
const most = 0.01
const size = faultSize(2_000)
/** What is killed in turn while events come in, once for so many of them. */
const eventsPerKill = Math.min(2_000, size / 4)
const lanes = 8

let recorder: Recorder
let servers: RunningServer[] = []
let folders: string[] = []
beforeEach(async () => {
  recorder = await startRecorder()
})
afterEach(async () => {
  await Promise.all(servers.filter(isRunning).map((server) => server.end('SIGKILL')))
  recorder.close()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  ;[servers, folders] = [[], []]
})

const isRunning = ({ process }: RunningServer) => process.exitCode === null && process.signalCode === null

async function start(folder: string, settings: Record<string, string> = {}): Promise<RunningServer> {
  folders.push(folder)
  return startMain(folder, { KUBELAMBDA_RETRY_SECONDS: '1', ...settings })
}

/** Sends an event to one server after the other until one has it; answers the id under which that one took it. */
async function sendOne(number: number): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    // What broke off may have been accepted or not: nobody was told, and its id is not asked for.
    const id = `${String(number)}.${String(attempt)}`
    const server = servers[(number + attempt) % servers.length]
    const status = await post(`${server?.address ?? ''}/2015-03-31/functions/f/invocations`, id)
    if (status === 202) return id
    await wait(20)
  }
}

async function post(url: string, id: string): Promise<number | undefined> {
  const headers = { 'x-amz-invocation-type': 'Event' }
  try {
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ id }) })
    await response.arrayBuffer()
    return response.status
  } catch {
    return undefined
  }
}

/** Sends all, and calls `kill` with 0, 1, … in between; answers the ids that were answered 202. */
async function sendWhileKilling(kill: (round: number) => Promise<void>): Promise<Set<string>> {
  const accepted = new Set<string>()
  let next = 0
  const lane = async () => {
    while (next < size) accepted.add(await sendOne(next++))
  }
  const sending = Promise.all(Array.from({ length: lanes }, lane))
  for (let round = 0; (round + 1) * eventsPerKill < size; round++) {
    await until(`round ${String(round)}`, () => accepted.size >= (round + 1) * eventsPerKill)
    killFunction(recorder, round % 2 === 0 ? 'function' : 'supervisor')
    await kill(round)
  }
  await sending
  return accepted
}

const keptEvents = async (server: RunningServer | undefined) => {
  const response = await fetch(`${server?.address ?? ''}/_kubelambda/events`)
  return ((await response.json()) as { functions: object[] }).functions
}

/** All that was accepted has run, hardly any twice, and nothing of it is left anywhere. */
async function expectAllRun(accepted: ReadonlySet<string>, startedMs: number): Promise<void> {
  expect(accepted.size).toBe(size)
  await until('all have run', () => [...accepted].every((id) => recorder.times.has(id)))
  await until('none is in limbo', async () => (await keptEvents(servers[0])).length === 0)
  const twice = [...recorder.times.values()].filter((times) => times > 1).length
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1)
  tell(`${String(size)} events: none lost, ${String(twice)} ran twice, ${seconds} s until nothing was left`)
  expect(twice / recorder.times.size).toBeLessThan(most)
  await Promise.all(servers.map((server) => server.end('SIGTERM')))
  await until('no environment is left', () => functionProcesses(recorder).length === 0, 10_000)
}

const code = 'exports.handler = async ({ id }) => { await connected; await record(id) }'

test('a server killed again and again, and its functions too, runs every event that it answered 202, and hardly one twice', async () => {
  const folder = newDataFolder()
  servers = [await start(folder)]
  await createRecording(client(), { FunctionName: 'f', code, recorder })
  const startedMs = Date.now()
  const accepted = await sendWhileKilling(async () => {
    await servers[0]?.end('SIGKILL')
    servers = [await start(folder)]
  })
  await expectAllRun(accepted, startedMs)
}, 900_000)

describeWithRedis('three servers and their Redis, killed in turn', () => {
  let redis: RunningRedis
  beforeEach(async () => {
    redis = await startRedis(['--appendonly', 'yes'])
  })
  afterEach(() => redis.stop())

  test('run every event that was answered 202, and hardly one twice', async () => {
    const shared = mkdtempSync(join(tmpdir(), 'kubelambda-code-'))
    folders.push(shared)
    const settings = { KUBELAMBDA_REDIS_URL: redis.url, KUBELAMBDA_CODE_URL: `file://${shared}` }
    const startOne = () => start(newDataFolder(), settings)
    servers = await Promise.all([startOne(), startOne(), startOne()])
    await createRecording(client(), { FunctionName: 'f', code, recorder })
    const startedMs = Date.now()
    const accepted = await sendWhileKilling(async (round) => {
      if (round % 4 === 1) {
        await redis.signal('SIGKILL')
        return redis.restart()
      }
      await servers[round % 3]?.end('SIGKILL')
      servers[round % 3] = await startOne()
    })
    await expectAllRun(accepted, startedMs)
    expect(leftInRedis(redis)).toEqual([])
  }, 900_000)
})

/** Keys that say that an event is kept, or that somebody holds something. `dead` names those who left, for who comes next. */
function leftInRedis(redis: RunningRedis): string[] {
  const counters = /:(turn|sequence|token|fences|watched|dead)$/
  const ofUse = /^\{kubelambda:(events|leases|servers)\}/
  return redis
    .cli('keys', '*')
    .split('\n')
    .filter((key) => ofUse.test(key) && !counters.test(key))
}

function client() {
  const [server] = servers
  if (server === undefined) throw new Error('there is no server')
  return server.client
}
