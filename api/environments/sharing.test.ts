import { Duplex } from 'node:stream'
import { expect, test } from '@jest/globals'
import type { EnvironmentSpec, FoundEnvironment, Launched } from './driver.ts'
import { Environment } from './environment.ts'
import { ownLeases, type EnvironmentLeases } from './leases.ts'
import { Pool } from './pool.ts'
import { createSharing } from './sharing.ts'
import { standInSpec } from './testing/stand-in-driver.ts'

/** Leases of servers that see each other's parked environments at once. */
function startLeases() {
  const parked = new Map<string, string[]>()
  const wanters: ((key: string) => void)[] = []
  const open = (): EnvironmentLeases => {
    const own: { onWanted?: (key: string) => void } = {}
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
      want: (key) => {
        for (const wanter of wanters) if (wanter !== own.onWanted) wanter(key)
        return Promise.resolve()
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
function startServer(leases: EnvironmentLeases, found: FoundEnvironment[] = []) {
  const ended: string[] = []
  const pool = new Pool(standInSpec.functionName)
  const log = { warn: (line: string) => expect(line).toBe('') }
  const takeOver = (id: string, spec: EnvironmentSpec) => Promise.resolve(launch(id, spec))
  const sharing = createSharing({
    leases,
    log,
    shared: { list: () => Promise.resolve(found), exists: () => true, takeOver, end: (id) => ended.push(id) },
  })
  sharing.onWanted((key) => (key === standInSpec.key ? pool : undefined))
  const add = (id: string, { isKept }: { isKept: boolean }) => {
    const events = { onFree: () => undefined, onLog: () => undefined, onGone: (gone: Environment) => pool.remove(gone) }
    const environment = new Environment(launch(id, standInSpec), events, () => 0)
    pool.members.add(environment)
    if (isKept) pool.ahead.add(environment)
    if (isKept) pool.kept.add(environment)
    pool.offer(environment)
  }
  return { pool, sharing, add, ended }
}

const provisioned = { ...standInSpec, provisioned: 2 }

test('another server leaves an environment that it keeps initialised to who has an invocation for it', async () => {
  const { open } = startLeases()
  const [one, other] = [startServer(open()), startServer(open())]
  other.add('kept', { isKept: true })
  other.add('usual', { isKept: false })
  expect((await one.sharing.takeParked(provisioned))?.id).toBe('usual')
  expect((await one.sharing.takeParked(provisioned))?.id).toBe('kept')
  expect(other.pool.members.size).toBe(0)
})

test('the environment that waits longest ends where room is needed, but none that was initialised ahead', async () => {
  const { open } = startLeases()
  const other = startServer(open())
  other.add('ahead', { isKept: true })
  other.pool.kept.clear()
  await other.sharing.parkFree(other.pool, standInSpec.key, () => true)
  for (const id of ['e1', 'e2']) other.add(id, { isKept: false })
  await other.sharing.parkFree(other.pool, standInSpec.key, () => true)
  const { functionName, version, key } = standInSpec
  const about = { functionName, version, key }
  const all = [{ ...about, id: 'ahead', isProvisioned: true }, ...['e1', 'e2'].map((id) => ({ ...about, id }))]
  const one = startServer(open(), all)
  for (let times = 0; times < 3; times++) await one.sharing.endLongestParked()
  expect(one.ended).toEqual(['e1', 'e2'])
})

test('nobody is asked for what is not provisioned', async () => {
  const { open } = startLeases()
  const [one, other] = [startServer(open()), startServer(open())]
  other.add('usual', { isKept: false })
  expect(await one.sharing.takeParked(standInSpec)).toBeUndefined()
  expect(other.pool.members.size).toBe(1)
})

test('what is to be kept was initialised ahead; an invocation runs in either', async () => {
  const { open } = startLeases()
  const [one, other] = [startServer(open()), startServer(open())]
  other.add('usual', { isKept: false })
  await other.sharing.parkFree(other.pool, standInSpec.key, () => true)
  const ahead = { ...provisioned, isProvisioned: true }
  expect(await one.sharing.takeParked(ahead)).toBeUndefined()
  expect((await one.sharing.takeParked(provisioned))?.id).toBe('usual')
})
