import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { countConcurrency } from '../concurrency/concurrency.ts'
import { RuntimeUnavailable, type EnvironmentSpec } from '../driver/driver.ts'
import type { InvocationResult } from '../environment/invocation.ts'
import { createScheduler, type Scheduler, type SchedulerOptions } from './scheduler.ts'
import { isolationKinds } from '../process/isolation/isolation.ts'
import type { Isolation } from '../process/isolation/sandbox.ts'
import { fakeSpec, startFakeEnvironments, type FakeEnvironments } from '../testing/fake-environments.ts'

interface Answer {
  readonly identity: string
  readonly pid: number
}

let fake: FakeEnvironments
let scheduler: Scheduler
let launches = 0
let lastRequest = 0

beforeEach(async () => {
  fake = await startFakeEnvironments()
  launches = 0
  scheduler = start()
})

afterEach(async () => {
  await scheduler.close(0)
  await fake.close()
})

function start(options: Partial<SchedulerOptions> = {}): Scheduler {
  const { driver } = fake
  const counting = {
    launch: (spec: EnvironmentSpec) => {
      launches++
      return driver.launch(spec)
    },
    prepare: (spec: EnvironmentSpec) => driver.prepare(spec),
    close: () => Promise.resolve(),
  }
  const log = { functionOutput: () => undefined, warn: () => undefined }
  return createScheduler({ driver: counting, concurrency: countConcurrency(1000), log, ...options })
}

async function run(order: object = {}, spec: Partial<EnvironmentSpec> = {}): Promise<Answer> {
  return read(await scheduler.run({ ...fakeSpec, ...spec }, invocation(order)))
}

function invocation(order: object, tail = false) {
  const requestId = `request-${String(++lastRequest)}`
  return { requestId, functionArn: 'arn', payload: Buffer.from(JSON.stringify(order)), tail }
}

function read(result: InvocationResult): Answer {
  return JSON.parse(Buffer.from(result.payload).toString()) as Answer
}

/** Resolves when the process is gone; the test's own limit is the deadline. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Another driver, with the best of these kinds of isolation. */
async function replaceFake(kinds: readonly Isolation[]): Promise<void> {
  await scheduler.close(0)
  await fake.close()
  fake = await startFakeEnvironments(kinds)
  scheduler = start()
}

/** The supervisors of so many spares, once they run. */
async function spareSupervisors(count: number): Promise<number[]> {
  const find = () =>
    processTree(process.pid).filter((pid) => /^\/.*\/supervisor\/[0-9a-f]+\.cjs\0/.test(commandOf(pid)))
  await until(() => find().length === count)
  return find()
}

function processTree(root: number): number[] {
  return [root, ...childrenOf(root).flatMap(processTree)]
}

function childrenOf(pid: number): number[] {
  const folder = `/proc/${String(pid)}/task`
  const texts = namesIn(folder).map((thread) => readText(`${folder}/${thread}/children`))
  return texts.flatMap((text) => text.split(' ').filter((child) => child !== '')).map(Number)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const commandOf = (pid: number) => readText(`/proc/${String(pid)}/cmdline`)

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** Resolves once the condition holds; the test's own limit is the deadline. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

function isAlive(pid: number): boolean {
  const stat = readText(`/proc/${String(pid)}/stat`)
  if (stat === '') return false
  // The first thread ends before the process has closed its files.
  return !/\) [ZX] /.test(stat) || namesIn(`/proc/${String(pid)}/task`).length > 1
}

describe('reuse', () => {
  test('a sequential caller is always served by the same environment', async () => {
    const answers = [await run(), await run(), await run()]
    expect(new Set(answers.map((answer) => answer.identity)).size).toBe(1)
    expect(launches).toBe(1)
  })

  test('an environment that has answered and is about to be free is waited for', async () => {
    await scheduler.close(0)
    scheduler = start({ graceMs: 10_000 })
    const first = await run({ finishMs: 50 })
    const second = await run()
    expect(second.identity).toBe(first.identity)
    expect(launches).toBe(1)
  })

  test('one that takes longer to finish than the grace is not waited for', async () => {
    const first = await run({ finishMs: 5_000 })
    const second = await run()
    expect(second.identity).not.toBe(first.identity)
  })

  test('invocations at the same time get an environment each', async () => {
    const answers = await Promise.all([run({ sleepMs: 300 }), run({ sleepMs: 300 }), run({ sleepMs: 300 })])
    expect(new Set(answers.map((answer) => answer.identity)).size).toBe(3)
  })

  test('two keys never share an environment', async () => {
    const first = await run()
    const second = await run({}, { key: 'hello:$LATEST:2' })
    expect(second.identity).not.toBe(first.identity)
  })

  test('the log tail comes with the answer when it is asked for', async () => {
    const result = await scheduler.run(fakeSpec, invocation({}, true))
    expect(result.logTail).toBe('dGFpbA==')
  })

  test('an invocation that waits for a cold start takes an environment that is free sooner, and its launch knows', async () => {
    await scheduler.close(0)
    let letLaunch: () => void = () => undefined
    const held = new Promise<void>((resolve) => (letLaunch = resolve))
    let isHolding = false
    let isNeeded: (() => boolean) | undefined
    const neededBefore: unknown[] = []
    const driver = {
      ...fake.driver,
      launch: async (spec: EnvironmentSpec, isNeededNow?: () => boolean) => {
        isNeeded = isNeededNow
        neededBefore.push(isNeeded?.())
        if (isHolding) await held
        return fake.driver.launch(spec)
      },
      close: () => Promise.resolve(),
    }
    scheduler = start({ driver })
    const first = await run()
    isHolding = true
    const [busy, waiting] = await Promise.all([run({ sleepMs: 50 }), run()])
    expect([busy.identity, waiting.identity]).toEqual([first.identity, first.identity])
    expect([neededBefore, isNeeded?.()]).toEqual([[true, true], false])
    letLaunch()
  })

  test('a launch that fails after its caller was served otherwise is not held against who waits by then', async () => {
    const lost = Promise.withResolvers<never>()
    const { driver } = fake
    const launch = (spec: EnvironmentSpec) => (++launched === 2 ? lost.promise : driver.launch(spec))
    let launched = 0
    await scheduler.close(0)
    scheduler = start({ driver: { ...driver, launch, close: () => Promise.resolve() } })
    await Promise.all([run({ sleepMs: 50 }), run({ sleepMs: 50 })])
    const those = [run({ sleepMs: 50 }), run()]
    lost.reject(new Error('The environment was lost'))
    await Promise.all(those)
  })
})

describe('limits', () => {
  test('one invocation more than the account may run is 429 with its reason', async () => {
    await scheduler.close(0)
    scheduler = start({ concurrency: countConcurrency(1) })
    const running = run({ sleepMs: 100 })
    await expect(run()).rejects.toMatchObject({ status: 429, members: { Reason: 'ConcurrentInvocationLimitExceeded' } })
    await running
    await run()
    expect(scheduler.concurrency()).toBe(0)
  })

  test("one more than the function's reserve is 429, and other functions still run", async () => {
    const running = run({ sleepMs: 100 }, { reserved: 1 })
    const members = { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' }
    await expect(run({}, { reserved: 1 })).rejects.toMatchObject({ status: 429, members })
    await run({}, { key: 'other:$LATEST:1', functionName: 'other' })
    await running
  })

  test('a launch that fails gives its permit back', async () => {
    const spec = { key: 'java', runtime: 'java21' }
    await expect(run({}, spec)).rejects.toBeInstanceOf(RuntimeUnavailable)
    expect(scheduler.concurrency()).toBe(0)
  })

  test('of a hundred cold invocations at once none fails', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => run({ sleepMs: 20 })))
    expect(answers).toHaveLength(100)
  }, 60_000)

  test('a bounded number of environments starts at the same time', async () => {
    await scheduler.close(0)
    let starting = 0
    let most = 0
    const launch = async (spec: EnvironmentSpec) => {
      most = Math.max(most, ++starting)
      return fake.driver.launch(spec).finally(() => starting--)
    }
    scheduler = start({ driver: { ...fake.driver, launch, close: () => Promise.resolve() } })
    await Promise.all(Array.from({ length: 20 }, () => run({ sleepMs: 20 })))
    expect(most).toBeLessThanOrEqual(Math.max(4, 2 * availableParallelism()))
  })
})

describe('ends', () => {
  test('an idle environment is ended after a while, with its process', async () => {
    await scheduler.close(0)
    scheduler = start({ idleMs: 50 })
    const first = await run()
    await gone(first.pid)
    const second = await run()
    expect(second.identity).not.toBe(first.identity)
  })

  test('the environment that was idle longest ends when capacity is needed, after a minimum idle time', async () => {
    await scheduler.close(0)
    let now = 0
    let evict: () => Promise<string | undefined> = () => Promise.resolve(undefined)
    const onCapacityNeeded = (given: typeof evict) => void (evict = given)
    const driver = { ...fake.driver, close: () => Promise.resolve(), onCapacityNeeded }
    scheduler = start({ driver, clock: () => now, parkMs: 1_000 })
    // An answer with the log's tail comes when the environment is free.
    const use = async (key: string) => read(await scheduler.run({ ...fakeSpec, key }, invocation({}, true)))
    const [first, second] = [await use('first'), await use('second')]
    expect(await evict()).toBeUndefined()
    now = 500
    expect((await use('first')).identity).toBe(first.identity)
    now = 2_000
    expect(await evict()).toBeDefined()
    await gone(second.pid)
    expect((await use('first')).identity).toBe(first.identity)
  })

  test('a drained environment serves nothing more and ends', async () => {
    const first = await run()
    scheduler.drain(fakeSpec.key)
    await gone(first.pid)
    expect((await run()).identity).not.toBe(first.identity)
  })

  test('a drained key takes the environments of its tenants with it, and no others', async () => {
    const keys = [`${fakeSpec.key}:tenant`, `${fakeSpec.key}0`]
    const runs = () => Promise.all(keys.map((key) => run({}, { key })))
    const [tenant, other] = await runs()
    scheduler.drain(fakeSpec.key)
    await gone(tenant!.pid)
    const [nextTenant, nextOther] = await runs()
    expect(nextTenant!.identity).not.toBe(tenant!.identity)
    expect(nextOther!.identity).toBe(other!.identity)
  })

  test('a busy environment that is drained by function name answers and then ends', async () => {
    const running = run({ sleepMs: 100 })
    await run({ sleepMs: 1 })
    scheduler.drain('hello')
    const answer = await running
    await gone(answer.pid)
  })

  test('an environment that dies in the middle of an invocation is an error, and the event runs only once', async () => {
    const result = await scheduler.run(fakeSpec, invocation({ crash: true }))
    expect(result.functionError).toBe('Unhandled')
    expect(read(result)).toMatchObject({ errorType: 'Runtime.ExitError' })
    expect(launches).toBe(1)
    expect(scheduler.concurrency()).toBe(0)
    await run()
  })

  test.each([['none' as const], isolationKinds()])(
    'spares whose supervisors died are noticed at once, and a call gets a fresh start (%s)',
    async (...kinds) => {
      await replaceFake(kinds)
      const spares = await spareSupervisors(2)
      const own = childrenOf(process.pid).filter((child) => processTree(child).some((pid) => spares.includes(pid)))
      for (const pid of spares) process.kill(pid, 'SIGKILL')
      // Reaped: then their exit has been noticed, not only happened.
      await until(() => own.every((pid) => !existsSync(`/proc/${pid}`)))
      expect(typeof (await run()).pid).toBe('number')
      expect(launches).toBeLessThanOrEqual(2)
    },
  )

  test.each([['none' as const], isolationKinds()])(
    'a call that meets a spare which died just now is served by another one (%s)',
    async (...kinds) => {
      await replaceFake(kinds)
      const spares = await spareSupervisors(2)
      for (const pid of spares) process.kill(pid, 'SIGKILL')
      // Nothing is noticed meanwhile.
      while (spares.some(isAlive));
      expect(typeof (await run()).pid).toBe('number')
    },
  )

  test('an environment that died while it was idle is replaced without an error', async () => {
    const first = await run()
    process.kill(first.pid, 'SIGKILL')
    // Blocks, so that the scheduler hears of it only by trying.
    while (isAlive(first.pid)) continue
    const second = await run()
    expect(second.identity).not.toBe(first.identity)
  })

  test('an environment that never answers is ended and its permit given back', async () => {
    await scheduler.close(0)
    // A clock that runs a thousand times too fast brings the deadline of 23 s within reach.
    scheduler = start({ clock: () => performance.now() * 1000 })
    await expect(run({ sleepMs: 3_600_000 })).rejects.toThrow('did not respond in time')
    expect(scheduler.concurrency()).toBe(0)
  })

  test('closing waits for what runs, refuses what comes, and leaves no process', async () => {
    const running = run({ sleepMs: 100 })
    const idle = await run()
    const closed = scheduler.close(10_000)
    await expect(run()).rejects.toThrow('shutting down')
    const answer = await running
    await closed
    await Promise.all([gone(answer.pid), gone(idle.pid)])
  })

  test('closing ends what runs longer than the deadline', async () => {
    const first = await run()
    // An event that was not even sent by then was not lost, but had no environment left to go to.
    const lost = expect(run({ sleepMs: 3_600_000 })).rejects.toThrow(
      /The environment \S+ of \S+ was lost|shutting down/,
    )
    await scheduler.close(10)
    await lost
    await gone(first.pid)
  })
})
