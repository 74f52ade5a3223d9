import { ownMember } from '../../functions/function/own-member.ts'
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
  /** How servers that share their environments divide the work; absent when this server keeps them all. */
  readonly shares?: ProvisionShares
  /** Called with internal errors, which callers do not see. */
  readonly onFault: (message: string, cause: unknown) => void
}

/** Allocates provisioned concurrency on this server, and sums up reserved concurrency. */
export interface Allocator extends Provisioning {
  /** Reconciles the function's environments with its record; resolves when they are initialised, or when that has failed. */
  allocate(functionName: string): Promise<void>
  /** The state of a version's environments over all servers. */
  stateOf(functionName: string, version: FunctionVersion): Promise<ProvisionState>
  /**
   * Reconciles all functions with their records, including allocations of an earlier server. May be called again.
   */
  start(): Promise<void>
  /** The sum of reserved concurrency, and of provisioned concurrency without a reservation. */
  committed(): number
  close(): void
}

/** The specs of one function, by key, for which this server keeps or kept environments. */
type Applied = Map<string, EnvironmentSpec>

interface Context extends ProvisioningDependencies {
  readonly shares: ProvisionShares
  readonly applied: Map<string, Applied>
  /** The committed concurrency of each function, and the sum. */
  readonly committed: Map<string, number>
  sum: number
  /** Counts refreshes of a function, so that an older one does not undo a newer one. */
  readonly refreshes: Map<string, number>
  /** The last report of a key to the other servers, and when. */
  readonly reported: Map<string, { readonly text: string; readonly atMs: number }>
}

const pageSize = 100
const initFailure = 'FUNCTION_ERROR_INIT_FAILURE'
/** How often changes are reported to the other servers. */
const reportMs = 1_000
/** How often an unchanged state is reported again. */
const repeatMs = 60_000

export function createProvisioning(dependencies: ProvisioningDependencies): Allocator {
  const { onFault, shares = wholeShares } = dependencies
  const counts = { committed: new Map<string, number>(), sum: 0, refreshes: new Map<string, number>() }
  const context: Context = { ...dependencies, ...counts, shares, applied: new Map(), reported: new Map() }
  const refresh = (name: string): void => {
    apply(context, name).catch((cause: unknown) => onFault(`Environments of ${name} could not be provisioned.`, cause))
  }
  shares.onChange(() => {
    for (const name of context.applied.keys()) refresh(name)
  })
  const reporting = setInterval(() => report(context), reportMs).unref()
  return {
    refresh,
    close: () => clearInterval(reporting),
    committed: () => context.sum,
    allocationOf: (record, qualifier) => allocationOf(context, record, qualifier),
    allocate: (name) => apply(context, name),
    stateOf: (name, version) => stateOf(context, { key: environmentKey(name, version) }),
    isScaled: (record, version) => isScaled(context, record, version),
    start: () => followAll(context, refresh),
  }
}

/** Deleted functions are known only from what this server keeps. */
async function followAll(context: Context, refresh: (name: string) => void): Promise<void> {
  const gone = new Set([...context.committed.keys(), ...context.applied.keys()])
  let after: string | undefined
  do {
    const page = await context.catalogue.list({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    for (const record of page) {
      gone.delete(record.name)
      commit(context, record.name, record)
      if (wantsAny(record) || context.applied.has(record.name)) refresh(record.name)
    }
    after = page.length < pageSize ? undefined : page.at(-1)?.name
  } while (after !== undefined)
  for (const name of gone) refresh(name)
}

/** Allocates what the record asks for, then releases what it no longer asks for. */
async function apply(context: Context, name: string): Promise<void> {
  const { catalogue, scheduler, refreshes } = context
  const revision = (refreshes.get(name) ?? 0) + 1
  refreshes.set(name, revision)
  const isNewest = () => refreshes.get(name) === revision
  const record = (await catalogue.find(name))?.value
  if (!isNewest()) return
  commit(context, name, record)
  const applied: Applied = context.applied.get(name) ?? new Map<string, EnvironmentSpec>()
  if (applied.size === 0 && (record === undefined || !wantsAny(record))) return void refreshes.delete(name)
  context.applied.set(name, applied)
  const wanted = record === undefined ? [] : await wantedOf(context, record)
  if (!isNewest()) return
  for (const { spec } of wanted) applied.set(spec.key, spec)
  await Promise.all(wanted.map(({ spec, count }) => scheduler.provision(spec, context.shares.shareOf(spec.key, count))))
  report(context)
  if (!isNewest()) return
  const keys = new Set(wanted.map(({ spec }) => spec.key))
  for (const [key, spec] of applied) {
    if (keys.has(key)) continue
    applied.delete(key)
    void scheduler.provision(spec, 0)
    context.reported.delete(key)
    await context.shares.report(key, none).catch(() => undefined)
  }
  if (applied.size === 0) context.applied.delete(name)
}

/** How many environments of a spec to keep. */
interface Wanted {
  readonly spec: EnvironmentSpec
  readonly count: number
}

function wantsAny(record: FunctionRecord): boolean {
  return record.attached?.provisioned !== undefined || managedVersions(record).length > 0
}

async function wantedOf({ catalogue }: Context, record: FunctionRecord): Promise<Wanted[]> {
  const specsOf = async (number: string, count: number): Promise<Wanted[]> => {
    const version = await catalogue.findVersion(record.name, number)
    const runnable = version === undefined ? [] : runnableOf(version)
    return runnable.map((each) => ({ spec: environmentSpec(record, each), count }))
  }
  const scaled = managedVersions(record).map((number) => specsOf(number, scalingOf(record, number).minimum))
  const provisioned = Array.from(provisionedVersions(record), ([number, count]) => specsOf(number, count))
  return (await Promise.all([...scaled, ...provisioned])).flat()
}

/** The code that runs under the version's name now, and its pending replacement. */
function runnableOf({ serving, ...version }: FunctionVersion): FunctionVersion[] {
  const isOver = version.state === 'Failed' || version.state === 'Deactivated' || version.updateStatus === 'Failed'
  return [...(serving === undefined ? [] : [serving]), ...(isOver ? [] : [version])]
}

function commit(context: Context, name: string, record: FunctionRecord | undefined): void {
  const { committed } = context
  const own = record === undefined ? 0 : committedConcurrency(record)
  context.sum += own - (committed.get(name) ?? 0)
  if (own === 0) committed.delete(name)
  else committed.set(name, own)
}

/** Reports changes of this server's environments to the others. */
function report({ applied, scheduler, shares, reported }: Context): void {
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

/** While another version is allocated, the previous allocation still counts (reference 7.3). */
async function allocationOf(context: Context, record: FunctionRecord, qualifier: string): Promise<Allocation> {
  const { applied } = context
  const requested = attachedTo(record, 'provisioned', qualifier)?.requested ?? 0
  const version = ownMember(record.aliases, qualifier)?.functionVersion ?? qualifier
  const wanted = provisionedVersions(record)
  const specs = [...(applied.get(record.name)?.values() ?? [])]
  const own = specs.find((spec) => spec.version === version)
  const { initialised, isFailed } = own === undefined ? none : await stateOf(context, own)
  if (isFailed) return { status: 'FAILED', statusReason: initFailure, allocated: 0 }
  if (initialised >= requested) return { status: 'READY', allocated: requested }
  const replaced = specs.filter((spec) => !wanted.has(spec.version))
  const before = await Promise.all(replaced.map(async (spec) => (await stateOf(context, spec)).initialised))
  return { status: 'IN_PROGRESS', allocated: Math.min(requested, Math.max(initialised, ...before)) }
}

const none: ProvisionState = { initialised: 0, isFailed: false }

/** The state over all servers. */
async function stateOf({ scheduler, shares }: Context, { key }: { readonly key: string }): Promise<ProvisionState> {
  const [own, others] = [scheduler.provisioned(key), await shares.othersOf(key)]
  const initialised = own.initialised + others.initialised
  return { ...own, initialised, isFailed: own.isFailed || others.isFailed }
}

async function isScaled(context: Context, record: FunctionRecord, number: string): Promise<boolean> {
  const version = await context.catalogue.findVersion(record.name, number)
  if (version === undefined || version.state === 'Deactivated') return true
  const { initialised } = await stateOf(context, { key: environmentKey(record.name, version.serving ?? version) })
  return initialised >= scalingOf(record, number).minimum
}
