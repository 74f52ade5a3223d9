import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { countConcurrency } from '../concurrency/concurrency.ts'
import { RuntimeUnavailable, type EnvironmentSpec } from '../driver/driver.ts'
import { createScheduler, type Scheduler, type SchedulerOptions } from './scheduler.ts'
import { fakeSpec, startFakeEnvironments, type FakeEnvironments } from '../testing/fake-environments.ts'

let fake: FakeEnvironments
let scheduler: Scheduler
let launched: EnvironmentSpec[] = []
let lastRequest = 0

beforeEach(async () => {
  fake = await startFakeEnvironments()
  launched = []
  scheduler = start()
})

afterEach(async () => {
  await scheduler.close(0)
  await fake.close()
})

function start(options: Partial<SchedulerOptions> = {}, refusal?: Error): Scheduler {
  const { driver } = fake
  const noting = {
    launch: (spec: EnvironmentSpec) => {
      launched.push(spec)
      return refusal === undefined ? driver.launch(spec) : Promise.reject(refusal)
    },
    prepare: (spec: EnvironmentSpec) => driver.prepare(spec),
    close: () => Promise.resolve(),
  }
  const log = { functionOutput: () => undefined, warn: () => undefined }
  return createScheduler({ driver: noting, concurrency: countConcurrency(1000), log, ...options })
}

async function run(order: object = {}, spec: EnvironmentSpec = fakeSpec) {
  const requestId = `request-${String(++lastRequest)}`
  const payload = Buffer.from(JSON.stringify(order))
  const result = await scheduler.run(spec, { requestId, functionArn: 'arn', payload, tail: false })
  return JSON.parse(Buffer.from(result.payload).toString()) as { readonly identity: string; readonly output?: string }
}

/** Resolves when it holds; the test's own limit is the deadline. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const kept = () => scheduler.provisioned(fakeSpec.key)

describe('provisioned environments', () => {
  test('are initialised before the first call, know it, and serve it', async () => {
    await scheduler.provision(fakeSpec, 2)
    expect(kept()).toEqual({ initialised: 2, isFailed: false })
    const { output } = await run({ shell: 'printf $AWS_LAMBDA_INITIALIZATION_TYPE' })
    expect(output).toBe('provisioned-concurrency')
    expect(launched.map(({ isProvisioned }) => isProvisioned)).toEqual([true, true])
  })

  test('spill over to others, and are used before them', async () => {
    await scheduler.provision(fakeSpec, 1)
    await Promise.all([run({ sleepMs: 50 }), run({ sleepMs: 50 })])
    expect(launched.map(({ isProvisioned }) => isProvisioned)).toEqual([true, undefined])
    const typeOfNext = async () => (await run({ shell: 'printf $AWS_LAMBDA_INITIALIZATION_TYPE' })).output
    // One that has answered is free a moment later.
    while ((await typeOfNext()) !== 'provisioned-concurrency');
  })

  test('are never idle too long, unlike the others', async () => {
    await scheduler.close(0)
    scheduler = start({ idleMs: 1 })
    const other = { ...fakeSpec, key: 'other' }
    await scheduler.provision(fakeSpec, 1)
    const [own, before] = [await run(), await run({}, other)]
    await until(() => launched.length === 2)
    let later = await run({}, other)
    while (later.identity === before.identity) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      later = await run({}, other)
    }
    expect((await run()).identity).toBe(own.identity)
  })

  test('are replaced when they go', async () => {
    await scheduler.provision(fakeSpec, 1)
    expect(await run({ crash: true })).toMatchObject({ errorType: 'Runtime.ExitError' })
    await until(() => kept().initialised === 0)
    await until(() => kept().initialised === 1)
    expect(launched).toHaveLength(2)
  })

  test('end with their key, and are not replaced', async () => {
    await scheduler.provision(fakeSpec, 1)
    scheduler.drain(fakeSpec.key)
    expect(kept()).toEqual({ initialised: 0, isFailed: false })
    await run()
    expect(launched.map(({ isProvisioned }) => isProvisioned)).toEqual([true, undefined])
  })

  test('that fail to start leave none, until they are requested again', async () => {
    await scheduler.close(0)
    scheduler = start({}, new RuntimeUnavailable('none'))
    await scheduler.provision(fakeSpec, 2)
    expect(kept()).toMatchObject({
      initialised: 0,
      isFailed: true,
      failure: { code: 'InvalidRuntime', reason: 'none' },
    })
    await scheduler.provision(fakeSpec, 0)
    expect(kept()).toEqual({ initialised: 0, isFailed: false })
  })

  test('have permits of their own: with the whole reservation provisioned no other version runs', async () => {
    const reserved = { ...fakeSpec, reserved: 0 }
    const provisioned = { ...reserved, version: '1', key: 'hello:1:1', provisioned: 1 }
    const running = run({ sleepMs: 100 }, provisioned)
    await expect(run({}, provisioned)).rejects.toThrow('Rate Exceeded.')
    await running
    await expect(run({}, reserved)).rejects.toThrow('Rate Exceeded.')
    expect(await run({}, provisioned)).toHaveProperty('identity')
  })
})

test('reservations of other functions reduce the concurrency of functions without one', () => {
  const concurrency = countConcurrency(10, () => 9)
  const scope = { functionName: 'free' }
  void concurrency.enter(scope)
  expect(() => concurrency.enter({ functionName: 'free-too' })).toThrow('Rate Exceeded.')
  void concurrency.enter({ functionName: 'reserving', reserved: 9 })
  concurrency.leave(scope)
  void concurrency.enter({ functionName: 'free-too' })
})
