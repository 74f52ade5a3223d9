import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { countConcurrency } from '../concurrency/concurrency.ts'
import { RuntimeUnavailable, type EnvironmentSpec } from '../driver/driver.ts'
import { createScheduler, type Scheduler, type SchedulerOptions } from './scheduler.ts'
import { standInSpec, startStandIn, type StandIn } from '../testing/fake-environments.ts'

let standIn: StandIn
let scheduler: Scheduler
let launched: EnvironmentSpec[] = []
let lastRequest = 0

beforeEach(async () => {
  standIn = await startStandIn()
  launched = []
  scheduler = start()
})

afterEach(async () => {
  await scheduler.close(0)
  await standIn.close()
})

function start(options: Partial<SchedulerOptions> = {}, refusal?: Error): Scheduler {
  const { driver } = standIn
  const noting = {
    launch: (spec: EnvironmentSpec) => {
      launched.push(spec)
      return refusal === undefined ? driver.launch(spec) : Promise.reject(refusal)
    },
    prepare: (spec: EnvironmentSpec) => driver.prepare(spec),
    close: () => Promise.resolve(),
  }
  const log = { functionOutput: () => undefined }
  return createScheduler({ driver: noting, concurrency: countConcurrency(1000), log, ...options })
}

async function run(order: object = {}, spec: EnvironmentSpec = standInSpec) {
  const requestId = `request-${String(++lastRequest)}`
  const payload = Buffer.from(JSON.stringify(order))
  const result = await scheduler.run(spec, { requestId, functionArn: 'arn', payload, tail: false })
  return JSON.parse(Buffer.from(result.payload).toString()) as { readonly identity: string; readonly output?: string }
}

/** Resolves when it holds; the test's own limit is the deadline. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const kept = () => scheduler.provisioned(standInSpec.key)

describe('provisioned environments', () => {
  test('are initialised before the first call, know it, and serve it', async () => {
    await scheduler.provision(standInSpec, 2)
    expect(kept()).toEqual({ initialised: 2, isFailed: false })
    const { output } = await run({ shell: 'printf $AWS_LAMBDA_INITIALIZATION_TYPE' })
    expect(output).toBe('provisioned-concurrency')
    expect(launched.map(({ isProvisioned }) => isProvisioned)).toEqual([true, true])
  })

  test('spill over to others, and are used before them', async () => {
    await scheduler.provision(standInSpec, 1)
    await Promise.all([run({ sleepMs: 50 }), run({ sleepMs: 50 })])
    expect(launched.map(({ isProvisioned }) => isProvisioned)).toEqual([true, undefined])
    const typeOfNext = async () => (await run({ shell: 'printf $AWS_LAMBDA_INITIALIZATION_TYPE' })).output
    // One that has answered is free a moment later.
    while ((await typeOfNext()) !== 'provisioned-concurrency');
  })

  test('are never idle too long, unlike the others', async () => {
    await scheduler.close(0)
    scheduler = start({ idleMs: 1 })
    const other = { ...standInSpec, key: 'other' }
    await scheduler.provision(standInSpec, 1)
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
    await scheduler.provision(standInSpec, 1)
    await expect(run({ crash: true })).rejects.toThrow('lost')
    await until(() => kept().initialised === 0)
    await until(() => kept().initialised === 1)
    expect(launched).toHaveLength(2)
  })

  test('end with their key, and are not replaced', async () => {
    await scheduler.provision(standInSpec, 1)
    scheduler.drain(standInSpec.key)
    expect(kept()).toEqual({ initialised: 0, isFailed: false })
    await run()
    expect(launched.map(({ isProvisioned }) => isProvisioned)).toEqual([true, undefined])
  })

  test('that cannot be had leave none, until they are asked for anew', async () => {
    await scheduler.close(0)
    scheduler = start({}, new RuntimeUnavailable('none'))
    await scheduler.provision(standInSpec, 2)
    expect(kept()).toMatchObject({
      initialised: 0,
      isFailed: true,
      failure: { code: 'InvalidRuntime', reason: 'none' },
    })
    await scheduler.provision(standInSpec, 0)
    expect(kept()).toEqual({ initialised: 0, isFailed: false })
  })

  test('have places of their own: with the whole reservation provisioned no other version runs', async () => {
    const reserved = { ...standInSpec, reserved: 0 }
    const provisioned = { ...reserved, version: '1', key: 'hello:1:1', provisioned: 1 }
    const running = run({ sleepMs: 100 }, provisioned)
    await expect(run({}, provisioned)).rejects.toThrow('Rate Exceeded.')
    await running
    await expect(run({}, reserved)).rejects.toThrow('Rate Exceeded.')
    expect(await run({}, provisioned)).toHaveProperty('identity')
  })
})

test('what others reserve is taken from functions that reserve nothing', () => {
  const concurrency = countConcurrency(10, () => 9)
  const claim = { functionName: 'free' }
  void concurrency.enter(claim)
  expect(() => concurrency.enter({ functionName: 'free-too' })).toThrow('Rate Exceeded.')
  void concurrency.enter({ functionName: 'reserving', reserved: 9 })
  concurrency.leave(claim)
  void concurrency.enter({ functionName: 'free-too' })
})
