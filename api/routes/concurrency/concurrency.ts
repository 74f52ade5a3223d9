import { functionArn, type Home } from '../../functions/function/arn.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { nameErrors } from '../../functions/function/errors.ts'
import { parseBareName, parseUnqualifiedName } from '../../functions/function/name.ts'
import { isManaged, latestVersion } from '../../functions/function/function.ts'
import { capacityErrors } from '../../functions/capacity-providers/managed-instances.ts'
import type { Lifecycle } from '../../functions/lifecycle.ts'
import { provisionedSum } from '../../functions/concurrency/provisioned.ts'
import { checkReservation, reservedConcurrency } from '../../functions/concurrency/reserved.ts'
import type { RunExclusive } from '../../functions/concurrency/mutex.ts'
import type { Handlers } from '../http/handler.ts'
import { provisionedRoutes, type ProvisionedRoutesDependencies } from './provisioned-concurrency.ts'

export interface ConcurrencyRoutesDependencies extends Home, ProvisionedRoutesDependencies {
  readonly catalogue: Pick<Catalogue, 'find' | 'findVersion' | 'list'>
  readonly lifecycle: Pick<Lifecycle, 'change' | 'read'>
  /** The account's concurrency limit. */
  readonly concurrency: number
  /** Keeps what depends on sums over all functions from happening twice at once. */
  readonly runExclusive: RunExclusive
}

interface FunctionMembers {
  readonly FunctionName: string
}

/** Reserved and provisioned concurrency of functions. Sums over functions and the change they allow are taken in turn. */
export function concurrencyRoutes(dependencies: ConcurrencyRoutesDependencies): Handlers {
  const { catalogue, lifecycle, concurrency, runExclusive } = dependencies

  const functionIn = async (name: string, qualifierInError: string | undefined) => {
    const stored = await catalogue.find(name)
    if (stored === undefined) throw nameErrors.notFound(functionArn(dependencies, name, qualifierInError))
    return stored.value
  }

  return {
    ...provisionedRoutes(dependencies, runExclusive),

    async GetFunctionConcurrency(input: FunctionMembers) {
      const name = parseUnqualifiedName(input.FunctionName, dependencies)
      return { ReservedConcurrentExecutions: (await functionIn(name, undefined)).reservedConcurrency }
    },

    async PutFunctionConcurrency(input: FunctionMembers & { readonly ReservedConcurrentExecutions: number }) {
      const { name } = await functionIn(parseBareName(input.FunctionName, dependencies), latestVersion)
      const asked = input.ReservedConcurrentExecutions
      await runExclusive(async () => {
        const byOthers = await reservedConcurrency(catalogue, name)
        return lifecycle.change(name, (record) => {
          if (isManaged(record)) throw capacityErrors.notTogether('Reserved concurrency')
          checkReservation(asked, byOthers, concurrency, provisionedSum(record))
          return { record: { ...record, reservedConcurrency: asked } }
        })
      })
      return { ReservedConcurrentExecutions: asked }
    },

    async DeleteFunctionConcurrency(input: FunctionMembers) {
      const { name } = await functionIn(parseUnqualifiedName(input.FunctionName, dependencies), latestVersion)
      await lifecycle.change(name, ({ reservedConcurrency: _reserved, ...record }) => ({ record }))
      return {}
    },
  }
}
