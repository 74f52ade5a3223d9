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
} from '../testing/faults.ts'
import { startOneServer, startThreeServers, type Fleet } from '../testing/fleet.ts'
import { describeWithRedis } from '../store/redis/testing/redis-server.ts'

/** Events in flight at a kill run again: as many as run at once and whose completion was not stored yet, independent of the number of events. */
const maxTwicePerKill = 20
const size = faultSize(1_500)
/** What is killed in turn while events come in, once for so many of them. */
const eventsPerKill = Math.min(2_000, size / 3)
const workers = 8

let recorder: Recorder
let fleet: Fleet
beforeEach(async () => {
  recorder = await startRecorder()
})
afterEach(async () => {
  await fleet.close()
  recorder.close()
})

/** Sends an event to one server after the other until one accepts it; returns its id there. */
async function sendOne(number: number): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    // A request whose connection was lost may have been accepted; its id is not checked.
    const id = `${String(number)}.${String(attempt)}`
    const server = fleet.servers[(number + attempt) % fleet.servers.length]
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

/** Sends all events, and kills processes meanwhile; returns the ids of the accepted events, and the number of kills. */
async function sendWhileKilling(): Promise<{ accepted: Set<string>; kills: number }> {
  const accepted = new Set<string>()
  let next = 0
  const worker = async () => {
    while (next < size) accepted.add(await sendOne(next++))
  }
  const sending = Promise.all(Array.from({ length: workers }, worker))
  let round = 0
  for (; (round + 1) * eventsPerKill < size; round++) {
    await until(`round ${String(round)}`, () => accepted.size >= (round + 1) * eventsPerKill)
    killFunction(recorder, round % 2 === 0 ? 'function' : 'supervisor')
    await fleet.kill(round)
  }
  await sending
  return { accepted, kills: round }
}

const queuedFunctions = async () => {
  const response = await fetch(`${fleet.servers[0]?.address ?? ''}/_kubelambda/events`)
  return ((await response.json()) as { functions: object[] }).functions
}

/** All accepted events have run, hardly any of them twice, and none is left in the queue. */
async function expectAllRun(): Promise<void> {
  const code = 'exports.handler = async ({ id }) => record(id)'
  // Only kills make an event run again here: not the time limit either, on a machine that starts three servers' functions at once.
  await createRecording(fleet.client(), { FunctionName: 'f', code, recorder }, { Timeout: 60 })
  const startedMs = Date.now()
  const { accepted, kills } = await sendWhileKilling()
  expect(accepted.size).toBe(size)
  await until('all have run', () => [...accepted].every((id) => recorder.times.has(id)))
  await until('none is in limbo', async () => (await queuedFunctions()).length === 0)
  const twice = [...recorder.times.values()].filter((times) => times > 1).length
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1)
  tell(`${String(size)} events: none lost, ${String(twice)} ran twice, ${seconds} s until nothing was left`)
  expect(twice).toBeLessThan(maxTwicePerKill * kills)
  await fleet.end()
  await until('no environment is left', () => functionProcesses(recorder).length === 0, 10_000)
  expect(fleet.left()).toEqual([])
}

const settings = { KUBELAMBDA_RETRY_SECONDS: '1' }

test('a server killed again and again, and its functions too, runs every event that it accepted, and hardly any twice', async () => {
  fleet = await startOneServer(settings)
  await expectAllRun()
}, 900_000)

describeWithRedis('three servers and their Redis, killed in turn', () => {
  test('run every accepted event, and hardly any twice', async () => {
    fleet = await startThreeServers(settings)
    await expectAllRun()
  }, 900_000)
})
