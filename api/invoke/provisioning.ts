import type { EnvironmentSpec } from '../environments/driver.ts'
import type { Scheduler } from '../environments/scheduler.ts'
import type { Catalogue } from '../functions/catalogue.ts'
import { attachedTo } from '../functions/attachment.ts'
import type { FunctionRecord } from '../functions/function.ts'
import { provisionedVersions, type Allocation, type Provisioning } from '../functions/provisioned-concurrency.ts'
import { committedConcurrency } from '../functions/reserved-concurrency.ts'
import { environmentSpec } from './environment-spec.ts'

export interface ProvisioningDependencies {
  readonly catalogue: Pick<Catalogue, 'find' | 'findVersion' | 'list'>
  readonly scheduler: Pick<Scheduler, 'provision' | 'provisioned'>
  /** Takes faults of our own, which callers are told nothing of. */
  readonly onFault: (message: string, cause: unknown) => void
}

/** Allocates provisioned concurrency in this server, and knows what functions keep from each other. */
export interface Allocator extends Provisioning {
  /** Begins with what records say; what an earlier server had allocated is allocated again. */
  start(): Promise<void>
  /** The sum of what functions reserve, or have provisioned without a reservation. */
  committed(): number
}

/** What this server keeps of one function: the spec of each version that has, or had, environments kept. */
type Applied = Map<string, EnvironmentSpec>

interface World extends ProvisioningDependencies {
  readonly applied: Map<string, Applied>
  /** What each function keeps from the others, and the sum. */
  readonly committed: Map<string, number>
  sum: number
  /** Counts refreshes of a function, so that an older one does not end what a newer one began. */
  readonly refreshes: Map<string, number>
}

const pageSize = 100
const initFailure = 'FUNCTION_ERROR_INIT_FAILURE'

export function createProvisioning(dependencies: ProvisioningDependencies): Allocator {
  const { catalogue, onFault } = dependencies
  const world: World = { ...dependencies, applied: new Map(), committed: new Map(), sum: 0, refreshes: new Map() }
  const refresh = (name: string): void => {
    apply(world, name).catch((cause: unknown) => onFault(`Environments of ${name} could not be provisioned.`, cause))
  }
  return {
    refresh,
    committed: () => world.sum,
    allocationOf: (record, qualifier) => allocationOf(world, record, qualifier),
    async start() {
      let after: string | undefined
      for (;;) {
        const page = await catalogue.list({ limit: pageSize, ...(after === undefined ? {} : { after }) })
        for (const record of page) {
          commit(world, record.name, record)
          if (provisionedVersions(record).size > 0) refresh(record.name)
        }
        after = page.at(-1)?.name
        if (page.length < pageSize || after === undefined) return
      }
    },
  }
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
  const applied = world.applied.get(name) ?? new Map<string, EnvironmentSpec>()
  const wanted = record === undefined ? new Map<string, number>() : provisionedVersions(record)
  if (applied.size === 0 && wanted.size === 0) return void refreshes.delete(name)
  world.applied.set(name, applied)
  const specs = record === undefined ? [] : await specsOf(world, record, wanted)
  if (!isNewest()) return
  for (const { spec } of specs) applied.set(spec.version, spec)
  await Promise.all(specs.map(({ spec, count }) => scheduler.provision(spec, count)))
  if (!isNewest()) return
  for (const [version, spec] of applied) {
    if (wanted.has(version)) continue
    applied.delete(version)
    void scheduler.provision(spec, 0)
  }
  if (applied.size === 0) world.applied.delete(name)
}

async function specsOf({ catalogue }: World, record: FunctionRecord, wanted: ReadonlyMap<string, number>) {
  const found = await Promise.all(
    Array.from(wanted, async ([number, count]) => {
      const version = await catalogue.findVersion(record.name, number)
      return version === undefined ? [] : [{ spec: environmentSpec(record, version), count }]
    }),
  )
  return found.flat()
}

function commit(world: World, name: string, record: FunctionRecord | undefined): void {
  const { committed } = world
  const own = record === undefined ? 0 : committedConcurrency(record)
  world.sum += own - (committed.get(name) ?? 0)
  if (own === 0) committed.delete(name)
  else committed.set(name, own)
}

/** While another version is allocated, what was there before still counts (reference 7.3). */
function allocationOf({ applied, scheduler }: World, record: FunctionRecord, qualifier: string): Allocation {
  const requested = attachedTo(record, 'provisioned', qualifier)?.requested ?? 0
  const version = record.aliases[qualifier]?.functionVersion ?? qualifier
  const wanted = provisionedVersions(record)
  const specs = [...(applied.get(record.name)?.values() ?? [])]
  const state = (spec: EnvironmentSpec | undefined) => spec && scheduler.provisioned(spec.key)
  const own = state(specs.find((spec) => spec.version === version))
  if (own?.isFailed === true) return { status: 'FAILED', statusReason: initFailure, allocated: 0 }
  const initialised = own?.initialised ?? 0
  if (initialised >= requested) return { status: 'READY', allocated: requested }
  const before = specs.filter((spec) => !wanted.has(spec.version)).map((spec) => state(spec)?.initialised ?? 0)
  return { status: 'IN_PROGRESS', allocated: Math.min(requested, Math.max(initialised, ...before)) }
}
