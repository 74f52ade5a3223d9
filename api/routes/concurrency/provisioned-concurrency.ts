import { functionArn, type Home } from '../../functions/function/arn.ts'
import { allAttached, attachedTo, detach } from '../../functions/function/attachment.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { nameErrors } from '../../functions/function/errors.ts'
import { parseFunctionName } from '../../functions/function/name.ts'
import { latestVersion } from '../../functions/function/function.ts'
import type { Lifecycle } from '../../functions/lifecycle.ts'
import {
  provisionableVersion,
  provisionedSum,
  putProvisioned,
  type Allocation,
  type Provisioning,
} from '../../functions/concurrency/provisioned.ts'
import { checkProvisioned, reservedConcurrency } from '../../functions/concurrency/reserved.ts'
import { provisionedErrors } from '../../functions/concurrency/errors.ts'
import type { RunExclusive } from '../../functions/concurrency/mutex.ts'
import type { Handlers, Output } from '../http/handler.ts'
import { keyBefore, pageLimit, pageOf, type PageMembers } from '../http/page.ts'

export interface ProvisionedRoutesDependencies extends Home {
  readonly catalogue: Pick<Catalogue, 'find' | 'findVersion' | 'list'>
  readonly lifecycle: Pick<Lifecycle, 'change'>
  readonly provisioning: Pick<Provisioning, 'allocationOf'>
  /** The account's concurrency limit. */
  readonly concurrency: number
  readonly newId: () => string
  /** Epoch milliseconds. */
  readonly now: () => number
}

interface QualifiedMembers {
  readonly FunctionName: string
  readonly Qualifier: string
}

/** Provisioned concurrency of versions and aliases; sums over functions are taken in turn. */
export function provisionedRoutes(dependencies: ProvisionedRoutesDependencies, runExclusive: RunExclusive): Handlers {
  const { catalogue, lifecycle, provisioning } = dependencies
  const find = async (input: QualifiedMembers) => {
    const { name, qualifier = latestVersion } = parseFunctionName(input.FunctionName, input.Qualifier, dependencies)
    if (qualifier === latestVersion) throw provisionedErrors.notPublished()
    const record = (await catalogue.find(name))?.value
    const version = provisionableVersion(record, name, qualifier, dependencies)
    return { name, qualifier, version, record }
  }

  return {
    async PutProvisionedConcurrencyConfig(
      input: QualifiedMembers & { readonly ProvisionedConcurrentExecutions: number },
    ) {
      if (isLatest(input, dependencies)) throw provisionedErrors.unpublished()
      const { name, qualifier } = await find(input)
      const requested = input.ProvisionedConcurrentExecutions
      await runExclusive(() => put(dependencies, name, qualifier, requested))
      return configOutput(requested, dependencies.now(), { status: 'IN_PROGRESS', allocated: 0 })
    },

    async GetProvisionedConcurrencyConfig(input: QualifiedMembers) {
      const { record, qualifier } = await find(input)
      const config = record && attachedTo(record, 'provisioned', qualifier)
      if (record === undefined || config === undefined) throw provisionedErrors.noConfig()
      return configOutput(config.requested, config.lastModifiedMs, await provisioning.allocationOf(record, qualifier))
    },

    async DeleteProvisionedConcurrencyConfig(input: QualifiedMembers) {
      const { name, qualifier } = await find(input)
      await runExclusive(() =>
        lifecycle.change(name, (record) => ({ record: detach(record, 'provisioned', qualifier) })),
      )
      return {}
    },

    async ListProvisionedConcurrencyConfigs(input: PageMembers & { readonly FunctionName: string }) {
      const { name } = parseFunctionName(input.FunctionName, undefined, dependencies)
      const [limit, before] = [pageLimit(input), keyBefore(input)]
      const record = (await catalogue.find(name))?.value
      if (record === undefined) throw nameErrors.notFound(functionArn(dependencies, name))
      const configs = allAttached(record, 'provisioned').filter(([key]) => before === undefined || key > before)
      const { items, nextMarker } = pageOf(configs, limit, ([qualifier]) => qualifier)
      const shown = items.map(async ([qualifier, { requested, lastModifiedMs }]) => ({
        FunctionArn: functionArn(dependencies, name, qualifier),
        ...configOutput(requested, lastModifiedMs, await provisioning.allocationOf(record, qualifier)),
      }))
      return { ProvisionedConcurrencyConfigs: await Promise.all(shown), NextMarker: nextMarker }
    },
  }
}

/** Changes the revision of the version behind the qualifier, as recorded (reference 2.3). */
async function put(
  dependencies: ProvisionedRoutesDependencies,
  name: string,
  qualifier: string,
  requested: number,
): Promise<void> {
  const { catalogue, lifecycle, concurrency, newId, now } = dependencies
  const committedByOthers = await reservedConcurrency(catalogue, name)
  await lifecycle.change(name, async (record) => {
    const version = provisionableVersion(record, name, qualifier, dependencies)
    const config = { requested, allocationId: newId(), lastModifiedMs: now() }
    const next = putProvisioned(record, qualifier, config, dependencies)
    if (record.reservedConcurrency === undefined) {
      const others = provisionedSum(next) - requested
      checkProvisioned(requested, committedByOthers + others, concurrency)
    }
    const stored = await catalogue.findVersion(name, version)
    return { record: next, versions: stored === undefined ? [] : [{ ...stored, revisionId: newId() }] }
  })
}

function isLatest({ FunctionName, Qualifier }: QualifiedMembers, home: Home): boolean {
  return parseFunctionName(FunctionName, Qualifier, home).qualifier === latestVersion
}

function configOutput(requested: number, lastModifiedMs: number, allocation: Allocation): Output {
  return {
    RequestedProvisionedConcurrentExecutions: requested,
    AvailableProvisionedConcurrentExecutions: allocation.allocated,
    AllocatedProvisionedConcurrentExecutions: allocation.allocated,
    Status: allocation.status,
    StatusReason: allocation.statusReason,
    LastModified: new Date(lastModifiedMs),
  }
}
