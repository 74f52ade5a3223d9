import { functionArn, type Home } from '../functions/arn.ts'
import type { Catalogue } from '../functions/catalogue.ts'
import { nameErrors } from '../functions/function-errors.ts'
import { parseUnqualifiedName } from '../functions/function-name.ts'
import { latestVersion } from '../functions/function.ts'
import type { Lifecycle } from '../functions/lifecycle.ts'
import { checkReservation, reservedConcurrency } from '../functions/reserved-concurrency.ts'
import type { Handlers } from './handler.ts'

export interface ConcurrencyRoutesDependencies extends Home {
  readonly catalogue: Pick<Catalogue, 'find' | 'list'>
  readonly lifecycle: Pick<Lifecycle, 'change'>
  /** Invocations that may run at once over all functions. */
  readonly concurrency: number
}

interface FunctionMembers {
  readonly FunctionName: string
}

/** Reserved concurrency of functions. */
export function concurrencyRoutes(dependencies: ConcurrencyRoutesDependencies): Handlers {
  const { catalogue, lifecycle, concurrency } = dependencies

  const functionIn = async ({ FunctionName }: FunctionMembers) => {
    const name = parseUnqualifiedName(FunctionName, dependencies)
    const stored = await catalogue.find(name)
    if (stored === undefined) throw nameErrors.notFound(functionArn(dependencies, name, latestVersion))
    return stored.value
  }

  return {
    async GetFunctionConcurrency(input: FunctionMembers) {
      return { ReservedConcurrentExecutions: (await functionIn(input)).reservedConcurrency }
    },

    async PutFunctionConcurrency(input: FunctionMembers & { readonly ReservedConcurrentExecutions: number }) {
      const { name } = await functionIn(input)
      const asked = input.ReservedConcurrentExecutions
      checkReservation(asked, await reservedConcurrency(catalogue, name), concurrency)
      await lifecycle.change(name, (record) => ({ record: { ...record, reservedConcurrency: asked } }))
      return { ReservedConcurrentExecutions: asked }
    },

    async DeleteFunctionConcurrency(input: FunctionMembers) {
      const { name } = await functionIn(input)
      await lifecycle.change(name, ({ reservedConcurrency: _reserved, ...record }) => ({ record }))
      return {}
    },
  }
}
