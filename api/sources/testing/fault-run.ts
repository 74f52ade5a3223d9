import { randomUUID } from 'node:crypto'
import {
  CreateEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda'
import { expect, test } from '@jest/globals'
import { createRecording, killFunction, startRecorder, tell, until, type Recorder } from '../../testing/faults.ts'
import { startOneServer, startThreeServers, type Fleet } from '../../testing/fleet.ts'
import { describeWithRedis } from '../../store/redis/testing/redis-server.ts'
import { expectOrder, type Sent } from './sent.ts'

/** Servers that are killed while sources are read, and a recorder of what their functions run. */
export interface FaultRun {
  readonly fleet: Fleet
  readonly recorder: Recorder
}

export interface Sending {
  /** How many records are sent, and how many at once; a function and a server are killed after every `perKill` records. */
  readonly size: number
  readonly perCall: number
  readonly perKill: number
  send(numbers: readonly number[]): Promise<Sent[]>
}

/** Maximum of waiting messages: moto scans all of them for each one that it delivers. */
const maxWaiting = 600
const timeoutMs = 600_000

/** Tests with one server, and with three that share a Redis, and checks that they shut down and leave nothing behind. */
export function testWithKills(
  name: string,
  settings: () => Record<string, string>,
  body: (run: FaultRun) => Promise<void>,
): void {
  const testWith = (servers: string, start: typeof startOneServer) =>
    test(`${name}, with ${servers}`, async () => {
      const fleet = await start(settings())
      const recorder = await startRecorder()
      try {
        await body({ fleet, recorder })
        await fleet.end()
        expect(fleet.left()).toEqual([])
      } finally {
        await fleet.close()
        recorder.close()
      }
    }, 900_000)
  testWith('one server', startOneServer)
  describeWithRedis('and Redis', () => testWith('three servers', startThreeServers))
}

/**
 * Maps a source to a function that records the text of each message or record; returns the mapping's id once it is polled. The
 * function holds each batch for a while, so that some are running whenever a server is killed.
 */
export async function mapRecording(
  { fleet, recorder }: FaultRun,
  source: Omit<CreateEventSourceMappingCommandInput, 'FunctionName'>,
  textOf: string,
  holdMs = 200,
): Promise<string> {
  const FunctionName = randomUUID()
  const code = `exports.handler = async ({ Records, records }) => {
    await new Promise((resolve) => setTimeout(resolve, ${String(holdMs)}))
    for (const each of Records ?? Object.values(records).flat()) await record((${textOf})(each))
  }`
  await createRecording(fleet.client(), { FunctionName, code, recorder })
  const { UUID } = await fleet.client().send(new CreateEventSourceMappingCommand({ FunctionName, ...source }))
  await until('the mapping is enabled', async () => {
    return (await fleet.client().send(new GetEventSourceMappingCommand({ UUID }))).State === 'Enabled'
  })
  return String(UUID)
}

/** Sends all, kills in between, and expects that all run, in order as to the first run of each; returns the number of kills. */
export async function expectAllInOrder({ fleet, recorder }: FaultRun, sending: Sending): Promise<number> {
  const { size, perCall, perKill } = sending
  const sent: Sent[] = []
  const [startedMs, killedAt] = [Date.now(), [0]]
  for (let from = 0; from < size; from += perCall) {
    const next = Math.min(from + perCall, size)
    await until('some have run', () => recorder.times.size > sent.length - maxWaiting, timeoutMs)
    sent.push(...(await sending.send(Array.from({ length: next - from }, (_, at) => from + at))))
    if (next < killedAt.length * perKill || next >= size) continue
    await until('some of the new have run', () => recorder.times.size > (killedAt.at(-1) ?? 0), timeoutMs)
    killFunction(recorder, 'function')
    await fleet.kill(killedAt.length - 1)
    killedAt.push(sent.length)
  }
  await until('all have run', () => sent.every(({ line }) => recorder.times.has(line)), timeoutMs)
  expectOrder([...recorder.times.keys()], sent)
  const kills = killedAt.length - 1
  const twice = [...recorder.times.values()].filter((times) => times > 1).length
  tell(
    `${String(sent.length)} sent, ${String(fleet.servers.length)} servers, ${String(kills)} kills: none lost, ` +
      `${String(twice)} ran more than once, ${((Date.now() - startedMs) / 1000).toFixed(1)} s`,
  )
  return kills
}
