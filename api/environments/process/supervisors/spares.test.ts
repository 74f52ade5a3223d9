import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { PassThrough } from 'node:stream'
import { nameOf } from '../runtimes/recent-runtimes.ts'
import { ofSize, type FoundRuntime } from '../../driver/found-runtime.ts'
import { Spares } from './spares.ts'
import type { SupervisorProcess } from './supervisor-process.ts'

const node: FoundRuntime = { identifier: 'nodejs24.x', family: 'nodejs', version: '24', client: 'nodejs/index.cjs' }
const python: FoundRuntime = { identifier: 'python3.14', family: 'python', version: '3.14', client: 'bootstrap.py' }
const ruby: FoundRuntime = { identifier: 'ruby3.4', family: 'ruby', version: '3.4', client: 'bootstrap.rb' }
const provided: FoundRuntime = { identifier: 'provided.al2023', family: 'provided', version: 'al2023' }

/** Supervisors that only say what was to wait in them, and whether they run. */
function startSpares(count = 2) {
  const running = new Map<SupervisorProcess, string>()
  const told: string[][] = []
  const start = (runtime?: FoundRuntime) => {
    const { promise: exited, resolve } = Promise.withResolvers<undefined>()
    const supervisor: SupervisorProcess = {
      id: 's',
      channel: new PassThrough(),
      exited,
      isRunning: () => running.has(supervisor),
      show: () => Promise.reject(new Error('shows nothing')),
      kill: () => {
        running.delete(supervisor)
        resolve(undefined)
      },
    }
    running.set(supervisor, runtime === undefined ? 'nothing' : nameOf(runtime))
    return supervisor
  }
  const spares = new Spares(count, start, (runtimes) => told.push(runtimes.map(nameOf)))
  const take = (runtime: FoundRuntime) => {
    const supervisor = spares.take(runtime)
    const waited = running.get(supervisor)
    supervisor.kill()
    return waited
  }
  const endOne = () => [...running.keys()][0]?.kill()
  return { spares, take, told, endOne, waiting: () => [...running.values()].toSorted() }
}

/** Lets so much time pass that all spares are refilled. */
const quiet = () => jest.advanceTimersByTimeAsync(2_000)

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

test('nothing waits in spares before anybody wants a runtime', async () => {
  const { waiting, take } = startSpares()
  await quiet()
  expect(waiting()).toEqual(['nothing', 'nothing'])
  expect([take(provided), take(provided)]).toEqual(['nothing', 'nothing'])
  await quiet()
  expect(waiting()).toEqual(['nothing', 'nothing'])
})

test('the runtime that is expected waits in all spares, and again after each launch', async () => {
  const { spares, waiting, take } = startSpares()
  spares.expect(node)
  expect(waiting()).toEqual(['nothing'])
  await quiet()
  expect(waiting()).toEqual(['nodejs24.x', 'nodejs24.x'])
  expect(take(node)).toBe('nodejs24.x')
  expect(waiting()).toEqual(['nodejs24.x'])
  await quiet()
  expect(waiting()).toEqual(['nodejs24.x', 'nodejs24.x'])
})

test('spares are divided between the runtimes that were wanted last', async () => {
  const { spares, waiting, take } = startSpares()
  for (const runtime of [node, python]) spares.expect(runtime)
  await quiet()
  expect(waiting()).toEqual(['nodejs24.x', 'python3.14'])
  expect([take(python), take(node)]).toEqual(['python3.14', 'nodejs24.x'])
  await quiet()
  spares.expect(ruby)
  await quiet()
  expect(waiting()).toEqual(['nodejs24.x', 'ruby3.4'])
})

test('a launch takes what fits, else a spare where nothing waits, else the one that is wanted least', async () => {
  const { spares, take } = startSpares()
  spares.expect(python)
  spares.expect(node)
  await quiet()
  expect(take(provided)).toBe('python3.14')
  expect(take(ruby)).toBe('nodejs24.x')
  expect(take(node)).toBe('nothing')
})

test('spares of another memory size are another runtime where memory changes its options', async () => {
  const { spares, take, waiting } = startSpares()
  spares.expect(ofSize(node, 128))
  spares.expect(ofSize(node, 1024))
  await quiet()
  expect(waiting()).toEqual(['nodejs24.x 1024', 'nodejs24.x 128'])
  expect([take(ofSize(node, 128)), take(ofSize(node, 128))]).toEqual(['nodejs24.x 128', 'nodejs24.x 1024'])
  for (const size of [128, 1024]) spares.expect(ofSize(python, size))
  await quiet()
  expect(waiting()).toEqual(['nodejs24.x 128', 'python3.14'])
})

test('more spares are kept after a burst, for the same runtimes', async () => {
  const { spares, take, waiting } = startSpares()
  spares.expect(node)
  await quiet()
  expect([take(node), take(node), take(node)]).toEqual(['nodejs24.x', 'nodejs24.x', 'nothing'])
  await quiet()
  expect(waiting()).toEqual(Array.from({ length: 4 }, () => 'nodejs24.x'))
})

test('as many as before are kept when no launch has lacked one for a minute', async () => {
  const { spares, take, waiting } = startSpares()
  for (const runtime of [python, node]) spares.expect(runtime)
  for (let launches = 0; launches < 3; launches++) take(node)
  await jest.advanceTimersByTimeAsync(50_000)
  for (let launches = 0; launches < 5; launches++) take(node)
  await jest.advanceTimersByTimeAsync(50_000)
  expect(waiting()).toEqual(['nodejs24.x', 'nodejs24.x', 'python3.14', 'python3.14'])
  await jest.advanceTimersByTimeAsync(10_000)
  expect(waiting()).toEqual(['nodejs24.x', 'python3.14'])
  await jest.advanceTimersByTimeAsync(60_000)
  expect(waiting()).toEqual(['nodejs24.x', 'python3.14'])
})

test('the listener gets the most recently used runtimes whenever they change', () => {
  const { spares, take, told } = startSpares()
  spares.expect(node)
  for (const runtime of [node, provided, python, python]) take(runtime)
  expect(told).toEqual([['nodejs24.x'], ['python3.14', 'nodejs24.x']])
})

test('a spare that ended by itself is not taken, and is replaced with the next launch', async () => {
  const { spares, take, waiting, endOne } = startSpares()
  spares.expect(node)
  await quiet()
  endOne()
  expect([take(node), take(node)]).toEqual(['nodejs24.x', 'nothing'])
  endOne()
  await quiet()
  expect(waiting()).toHaveLength(4)
})

test('without spares each launch starts its own', async () => {
  const { spares, take, waiting } = startSpares(0)
  spares.expect(node)
  await quiet()
  expect(waiting()).toEqual([])
  expect(take(node)).toBe('nothing')
  await quiet()
  expect(waiting()).toEqual([])
})

test('after the end nothing runs, and nothing is started', async () => {
  const { spares, waiting } = startSpares()
  spares.expect(node)
  await spares.close()
  await quiet()
  expect(waiting()).toEqual([])
  expect(() => spares.take(node)).toThrow('closed')
})
