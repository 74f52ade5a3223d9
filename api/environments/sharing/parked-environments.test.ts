import { Duplex } from 'node:stream'
import { afterEach, expect, jest, test } from '@jest/globals'
import type { EnvironmentSpec, FoundEnvironment, Launched } from '../driver/driver.ts'
import { Environment } from '../environment/environment.ts'
import { ownLeases, type EnvironmentLeases } from './leases.ts'
import { Pool } from '../scheduling/pool.ts'
import { createSharing } from './parked-environments.ts'
import { fakeSpec } from '../testing/fake-environments.ts'

/** Leases of servers that see each other's parked environments at once. */
function startLeases() {
  const parked = new Map<string, string[]>()
  const wanters: ((key: string) => Promise<boolean>)[] = []
  const open = (): EnvironmentLeases => {
    const own: { onWanted?: (key: string) => Promise<boolean> } = {}
    return {
      ...ownLeases(() => Promise.resolve(1)),
      park: (id, key) => {
        parked.set(key, [...(parked.get(key) ?? []), id])
        return Promise.resolve(true)
      },
      takeParked: (key) => Promise.resolve(parked.get(key)?.pop()),
      takeLongestParked: (environments) => {
        const longest = environments.find(({ id, key }) => parked.get(key)?.[0] === id)
        return Promise.resolve(longest && parked.get(longest.key)?.shift())
      },
      want: async (key) => {
        const others = wanters.filter((wanter) => wanter !== own.onWanted)
        return (await Promise.all(others.map((wanter) => wanter(key)))).includes(true)
      },
      onWanted: (listener) => {
        own.onWanted = listener
        wanters.push(listener)
      },
    }
  }
  return { open, parked }
}

function launch(id: string, spec: EnvironmentSpec): Launched {
  const channel = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  const type = spec.isProvisioned === true ? 'provisioned-concurrency' : 'on-demand'
  const assignment = { variables: { AWS_LAMBDA_INITIALIZATION_TYPE: type } } as unknown as Launched['assignment']
  return { id, channel, assignment, found: 'idle', kill: () => channel.destroy(), release: () => channel.destroy() }
}

/** A server with free environments of the spec's key. */
function startServer(
  leases: EnvironmentLeases,
  found: FoundEnvironment[] = [],
  takeOver = (id: string, spec: EnvironmentSpec) => Promise.resolve(launch(id, spec)),
) {
  const ended: string[] = []
  const warnings: string[] = []
  const pool = new Pool(fakeSpec.functionName)
  const log = { warn: (line: string) => void warnings.push(line) }
  const sharing = createSharing({
    leases,
    log,
    shared: { list: () => Promise.resolve(found), exists: () => true, takeOver, end: (id) => ended.push(id) },
  })
  sharing.onWanted((key) => (key === fakeSpec.key ? pool : undefined))
  const add = (id: string, { isKept }: { isKept: boolean }) => {
    const events = { onFree: () => undefined, onLog: () => undefined, onGone: (gone: Environment) => pool.remove(gone) }
    const environment = new Environment(launch(id, fakeSpec), events, () => 0)
    pool.members.add(environment)
    if (isKept) pool.preinitialised.add(environment)
    if (isKept) pool.kept.add(environment)
    pool.offer(environment)
  }
  return { pool, sharing, add, ended, warnings }
}

afterEach(() => void jest.useRealTimers())

const provisioned = { ...fakeSpec, provisioned: 2 }

test('another server leaves an environment that it keeps initialised to who has an invocation for it', async () => {
  const { open } = startLeases()
  const [one, other] = [startServer(open()), startServer(open())]
  other.add('kept', { isKept: true })
  other.add('usual', { isKept: false })
  expect((await one.sharing.takeParked(provisioned))?.id).toBe('usual')
  expect((await one.sharing.takeParked(provisioned))?.id).toBe('kept')
  expect(other.pool.members.size).toBe(0)
})

test('the environment that is parked longest ends when capacity is needed, but no provisioned one', async () => {
  const { open } = startLeases()
  const other = startServer(open())
  other.add('ahead', { isKept: true })
  other.pool.kept.clear()
  await other.sharing.parkFree(other.pool, fakeSpec.key, () => true)
  for (const id of ['e1', 'e2']) other.add(id, { isKept: false })
  await other.sharing.parkFree(other.pool, fakeSpec.key, () => true)
  const { functionName, version, key } = fakeSpec
  const about = { functionName, version, key }
  const all = [{ ...about, id: 'ahead', isProvisioned: true }, ...['e1', 'e2'].map((id) => ({ ...about, id }))]
  const one = startServer(open(), all)
  const answered = []
  for (let times = 0; times < 3; times++) answered.push(await one.sharing.endLongestParked())
  expect(answered).toEqual(['e1', 'e2', undefined])
  expect(one.ended).toEqual(['e1', 'e2'])
})

test('nobody is asked for what is not provisioned', async () => {
  const { open } = startLeases()
  const [one, other] = [startServer(open()), startServer(open())]
  other.add('usual', { isKept: false })
  expect(await one.sharing.takeParked(fakeSpec)).toBeUndefined()
  expect(other.pool.members.size).toBe(1)
})

test('provisioned concurrency takes only preinitialised environments; an invocation takes either kind', async () => {
  const { open } = startLeases()
  const [one, other] = [startServer(open()), startServer(open())]
  other.add('usual', { isKept: false })
  await other.sharing.parkFree(other.pool, fakeSpec.key, () => true)
  const ahead = { ...provisioned, isProvisioned: true }
  expect(await one.sharing.takeParked(ahead)).toBeUndefined()
  expect((await one.sharing.takeParked(provisioned))?.id).toBe('usual')
})

test('one that is taken is known as such until its invocation has it', async () => {
  const { open } = startLeases()
  const other = startServer(open())
  other.add('usual', { isKept: false })
  await other.sharing.parkFree(other.pool, fakeSpec.key, () => true)
  const seen: boolean[] = []
  const one = startServer(open(), [], (id, spec) => {
    seen.push(one.sharing.isTaking(id))
    return Promise.resolve(launch(id, spec))
  })
  await one.sharing.takeParked(fakeSpec)
  seen.push(one.sharing.isTaking('usual'))
  await new Promise((resolve) => setImmediate(resolve))
  seen.push(one.sharing.isTaking('usual'))
  expect(seen).toEqual([true, true, false])
})

test('after a parked environment on a lost node fails, a new one is started instead of trying the next there', async () => {
  jest.useFakeTimers()
  const { open, parked } = startLeases()
  parked.set(fakeSpec.key, ['third', 'second', 'first'])
  const one = startServer(open(), [], () => {
    jest.advanceTimersByTime(5_000)
    return Promise.reject(new Error('no answer'))
  })
  expect(await one.sharing.takeParked(fakeSpec)).toBeUndefined()
  expect([one.ended, one.warnings.length, parked.get(fakeSpec.key)]).toEqual([['first'], 1, ['third', 'second']])
})

test.each(['hold', 'park'] as const)('that %s got no answer is made up for until there is one', async (what) => {
  jest.useFakeTimers()
  const held: string[] = []
  const state = { isAway: true }
  const leases = startLeases().open()
  const away = () => Promise.reject(new Error('away'))
  const one = startServer({
    ...leases,
    hold: async (id) => {
      if (state.isAway) return away()
      held.push(id)
    },
    park: away,
  })
  one.add('e', { isKept: false })
  if (what === 'hold') one.sharing.hold('e')
  else await one.sharing.parkFree(one.pool, fakeSpec.key, () => true)
  expect(one.pool.members.size).toBe(1)
  await jest.advanceTimersByTimeAsync(5_000)
  expect(held).toEqual([])
  state.isAway = false
  await jest.advanceTimersByTimeAsync(5_000)
  expect(held).toEqual(['e'])
  one.sharing.hold('gone')
  one.sharing.forget('gone')
  await jest.advanceTimersByTimeAsync(5_000)
  expect(held).toEqual(['e', 'gone'])
})
