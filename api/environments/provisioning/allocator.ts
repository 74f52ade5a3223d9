import type { EnvironmentSpec } from '../driver/driver.ts'
import { wholeShares, type ProvisionShares } from './provision-shares.ts'
import type { ProvisionState } from '../scheduling/provisioned-environments.ts'
import type { Scheduler } from '../scheduling/scheduler.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { attachedTo } from '../../functions/function/attachment.ts'
import { managedVersions } from '../../functions/capacity-providers/capacity-use.ts'
import { scalingOf } from '../../functions/capacity-providers/scaling.ts'
import type { FunctionRecord, FunctionVersion } from '../../functions/function/function.ts'
import { provisionedVersions, type Allocation, type Provisioning } from '../../functions/concurrency/provisioned.ts'
import { committedConcurrency } from '../../functions/concurrency/reserved.ts'
import { environmentKey, environmentSpec } from '../scheduling/environment-spec.ts'

export interface ProvisioningDependencies {
  readonly catalogue: Pick<Catalogue, 'find' | 'findVersion' | 'list'>
  readonly scheduler: Pick<Scheduler, 'provision' | 'provisioned'>
  /** How it is divided between servers that share their environments; this server's alone when absent. */
  readonly shares?: ProvisionShares
  /** Takes faults of our own, which callers are told nothing of. */
  readonly onFault: (message: string, cause: unknown) => void
}

/** Keeps environments initialised in this server, and knows what functions keep from each other. */
export interface Allocator extends Provisioning {
  /** Brings the function's environments to what its record says now; resolves when they are there, or known not to come. */
  allocate(functionName: string): Promise<void>
  /** How far all servers are together with a version's environments. */
  stateOf(functionName: string, version: FunctionVersion): Promise<ProvisionState>
  /**
   * Begins with what records say; what an earlier server had allocated is allocated again. Called again, it brings everything to
   * what they say now.
   */
  start(): Promise<void>
  /** The sum of what functions reserve, or have provisioned without a reservation. */
  committed(): number
  close(): void
}

/** What this server keeps of one function: the specs, by key, that have or had environments kept. */
type Applied = Map<string, EnvironmentSpec>

interface World extends ProvisioningDependencies {
  readonly shares: ProvisionShares
  readonly applied: Map<string, Applied>
  /** What each function keeps from the others, and the sum. */
  readonly committed: Map<string, number>
  sum: number
  /** Counts refreshes of a function, so that an older one does not end what a newer one began. */
  readonly refreshes: Map<string, number>
  /** What the other servers were told of a key, and when. */
  readonly reported: Map<string, { readonly text: string; readonly atMs: number }>
}

const pageSize = 100
const initFailure = 'FUNCTION_ERROR_INIT_FAILURE'
/** Kept environments that go, or come back, are told of so often. */
const reportMs = 1_000
/** What has not changed is said again. */
const repeatMs = 60_000

export function createProvisioning(dependencies: ProvisioningDependencies): Allocator {
  const { onFault, shares = wholeShares } = dependencies
  const counts = { committed: new Map<string, number>(), sum: 0, refreshes: new Map<string, number>() }
  const world: World = { ...dependencies, ...counts, shares, applied: new Map(), reported: new Map() }
  const refresh = (name: string): void => {
    apply(world, name).catch((cause: unknown) => onFault(`Environments of ${name} could not be provisioned.`, cause))
  }
  shares.onChange(() => {
    for (const name of world.applied.keys()) refresh(name)
  })
  const reporting = setInterval(() => report(world), reportMs).unref()
  return {
    refresh,
    close: () => clearInterval(reporting),
    committed: () => world.sum,
    allocationOf: (record, qualifier) => allocationOf(world, record, qualifier),
    allocate: (name) => apply(world, name),
    stateOf: (name, version) => stateOf(world, { key: environmentKey(name, version) }),
    isScaled: (record, version) => isScaled(world, record, version),
    start: () => followAll(world, refresh),
  }
}

/** Of functions that are no more, only what is kept here can tell. */
async function followAll(world: World, refresh: (name: string) => void): Promise<void> {
  const gone = new Set([...world.committed.keys(), ...world.applied.keys()])
  let after: string | undefined
  do {
    const page = await world.catalogue.list({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    for (const record of page) {
      gone.delete(record.name)
      commit(world, record.name, record)
      if (wantsAny(record) || world.applied.has(record.name)) refresh(record.name)
    }
    after = page.length < pageSize ? undefined : page.at(-1)?.name
  } while (after !== undefined)
  for (const name of gone) refresh(name)
}

/** Allocates what the record wants; what it wants no more goes when the rest is there. */
async function apply(world: World, name: string): Promise<void> {
  const { catalogue, scheduler, refreshes } = world
  const turn = (refreshes.get(name) ?? 0) + 1
  refreshes.set(name, turn)
  const isNewest = () => refreshes.get(name) === turn
  const record = (await catalogue.find(name))?.value
  if (!isNewest()) return
  commit(world, name, record)
  const applied: Applied = world.applied.get(name) ?? new Map<string, EnvironmentSpec>()
  if (applied.size === 0 && (record === undefined || !wantsAny(record))) return void refreshes.delete(name)
  world.applied.set(name, applied)
  const wanted = record === undefined ? [] : await wantedOf(world, record)
  if (!isNewest()) return
  for (const { spec } of wanted) applied.set(spec.key, spec)
  await Promise.all(wanted.map(({ spec, count }) => scheduler.provision(spec, world.shares.shareOf(spec.key, count))))
  report(world)
  if (!isNewest()) return
  const keys = new Set(wanted.map(({ spec }) => spec.key))
  for (const [key, spec] of applied) {
    if (keys.has(key)) continue
    applied.delete(key)
    void scheduler.provision(spec, 0)
    world.reported.delete(key)
    await world.shares.report(key, none).catch(() => undefined)
  }
  if (applied.size === 0) world.applied.delete(name)
}

/** Environments that shall be kept of one spec. */
interface Wanted {
  readonly spec: EnvironmentSpec
  readonly count: number
}

function wantsAny(record: FunctionRecord): boolean {
  return record.attached?.provisioned !== undefined || managedVersions(record).length > 0
}

async function wantedOf({ catalogue }: World, record: FunctionRecord): Promise<Wanted[]> {
  const specsOf = async (number: string, count: number): Promise<Wanted[]> => {
    const version = await catalogue.findVersion(record.name, number)
    const runnable = version === undefined ? [] : runnableOf(version)
    return runnable.map((each) => ({ spec: environmentSpec(record, each), count }))
  }
  const scaled = managedVersions(record).map((number) => specsOf(number, scalingOf(record, number).minimum))
  const provisioned = Array.from(provisionedVersions(record), ([number, count]) => specsOf(number, count))
  return (await Promise.all([...scaled, ...provisioned])).flat()
}

/** What runs under the version's name now, and what is about to. */
function runnableOf({ serving, ...version }: FunctionVersion): FunctionVersion[] {
  const isOver = version.state === 'Failed' || version.state === 'Deactivated' || version.updateStatus === 'Failed'
  return [...(serving === undefined ? [] : [serving]), ...(isOver ? [] : [version])]
}

function commit(world: World, name: string, record: FunctionRecord | undefined): void {
  const { committed } = world
  const own = record === undefined ? 0 : committedConcurrency(record)
  world.sum += own - (committed.get(name) ?? 0)
  if (own === 0) committed.delete(name)
  else committed.set(name, own)
}

/** Tells the other servers what they do not know of this one's environments. */
function report({ applied, scheduler, shares, reported }: World): void {
  const now = performance.now()
  for (const { key } of [...applied.values()].flatMap((specs) => [...specs.values()])) {
    const state = scheduler.provisioned(key)
    const text = JSON.stringify(state)
    const last = reported.get(key)
    if (last?.text === text && now - last.atMs < repeatMs) continue
    reported.set(key, { text, atMs: now })
    shares.report(key, state).catch(() => reported.delete(key))
  }
}

/** While another version is allocated, what was there before still counts (reference 7.3). */
async function allocationOf(world: World, record: FunctionRecord, qualifier: string): Promise<Allocation> {
  const { applied } = world
  const requested = attachedTo(record, 'provisioned', qualifier)?.requested ?? 0
  const version = record.aliases[qualifier]?.functionVersion ?? qualifier
  const wanted = provisionedVersions(record)
  const specs = [...(applied.get(record.name)?.values() ?? [])]
  const own = specs.find((spec) => spec.version === version)
  const { initialised, isFailed } = own === undefined ? none : await stateOf(world, own)
  if (isFailed) return { status: 'FAILED', statusReason: initFailure, allocated: 0 }
  if (initialised >= requested) return { status: 'READY', allocated: requested }
  const replaced = specs.filter((spec) => !wanted.has(spec.version))
  const before = await Promise.all(replaced.map(async (spec) => (await stateOf(world, spec)).initialised))
  return { status: 'IN_PROGRESS', allocated: Math.min(requested, Math.max(initialised, ...before)) }
}

const none: ProvisionState = { initialised: 0, isFailed: false }

/** How far all servers are together. */
async function stateOf({ scheduler, shares }: World, { key }: { readonly key: string }): Promise<ProvisionState> {
  const [own, others] = [scheduler.provisioned(key), await shares.othersOf(key)]
  const initialised = own.initialised + others.initialised
  return { ...own, initialised, isFailed: own.isFailed || others.isFailed }
}

async function isScaled(world: World, record: FunctionRecord, number: string): Promise<boolean> {
  const version = await world.catalogue.findVersion(record.name, number)
  if (version === undefined || version.state === 'Deactivated') return true
  const { initialised } = await stateOf(world, { key: environmentKey(record.name, version.serving ?? version) })
  return initialised >= scalingOf(record, number).minimum
}
