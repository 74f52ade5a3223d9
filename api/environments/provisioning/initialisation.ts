import { ownMember } from '../../functions/function/own-member.ts'
import { setTimeout as delay } from 'node:timers/promises'
import type { EnvironmentSpec } from '../driver/driver.ts'
import type { ProvisionState } from '../scheduling/provisioned-environments.ts'
import type { Scheduler } from '../scheduling/scheduler.ts'
import { ActivationInterrupted, PreparationFailed } from '../../functions/versions/activation.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { scalingOf } from '../../functions/capacity-providers/scaling.ts'
import type { FunctionRecord, FunctionVersion } from '../../functions/function/function.ts'
import { environmentSpec } from '../scheduling/environment-spec.ts'
import type { Allocator } from './allocator.ts'

export interface InitialisationDependencies {
  readonly catalogue: Pick<Catalogue, 'find'>
  readonly scheduler: Pick<Scheduler, 'provision' | 'provisioned'>
  readonly provisioning: Pick<Allocator, 'allocate' | 'stateOf' | 'refresh'>
}

/** Initialises environments of versions before these are active. */
export interface Initialisation {
  /** Resolves when the version has as many as it needs; rejects with `PreparationFailed` when that fails. */
  initialise(record: FunctionRecord, version: FunctionVersion): Promise<void>
  /** Interrupts: the next server resumes what is not initialised yet. */
  close(): void
}

const pollMs = 100

export function createInitialisation(dependencies: InitialisationDependencies): Initialisation {
  const closing = Promise.withResolvers<never>()
  closing.promise.catch(() => undefined)
  let isClosed = false
  return {
    initialise: (record, version) => {
      const isManaged = version.settings.capacityProvider !== undefined
      const initialised = isManaged
        ? keepMinimum(dependencies, record.name, version, () => isClosed)
        : tryOne(dependencies, record, version)
      initialised.catch(() => undefined)
      return Promise.race([initialised, closing.promise])
    },
    close: () => {
      isClosed = true
      closing.reject(new ActivationInterrupted())
    },
  }
}

/** Waits until the minimum of the version's scaling is initialised, over all servers. */
async function keepMinimum(
  { catalogue, provisioning }: InitialisationDependencies,
  name: string,
  version: FunctionVersion,
  isClosed: () => boolean,
): Promise<void> {
  await provisioning.allocate(name)
  while (!isClosed()) {
    const record = (await catalogue.find(name))?.value
    // A newer change supersedes this one.
    if (record === undefined || ownMember(record.activating, version.version) !== version.generation) return
    const state = await provisioning.stateOf(name, version)
    if (state.isFailed) throw failed(state)
    if (state.initialised >= scalingOf(record, version.version).minimum) return
    await delay(pollMs)
  }
}

/** Initialises one environment, which then serves like one that was launched on demand. */
async function tryOne(
  { scheduler, provisioning }: InitialisationDependencies,
  record: FunctionRecord,
  version: FunctionVersion,
): Promise<void> {
  const spec: EnvironmentSpec = { ...environmentSpec(record, version), initializationType: 'on-demand' }
  await scheduler.provision(spec, 1)
  const state = scheduler.provisioned(spec.key)
  await scheduler.provision(spec, 0)
  provisioning.refresh(record.name)
  if (state.isFailed) throw failed(state)
}

function failed({ failure }: ProvisionState): PreparationFailed {
  const { code, reason } = failure ?? {
    code: 'FunctionError',
    reason: 'The initialization of the function failed. The log of another server has the details.',
  }
  return new PreparationFailed(reason, code)
}
