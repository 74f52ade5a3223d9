import type { Catalogue } from '../functions/catalogue.ts'
import { accountCodeBytes } from '../functions/code-source.ts'
import { packageLimits } from '../functions/deployment-package.ts'
import { reservedConcurrency } from '../functions/reserved-concurrency.ts'
import type { Handlers } from './handler.ts'

export interface AccountRoutesDependencies {
  readonly catalogue: Pick<Catalogue, 'usage' | 'list'>
  /** Invocations that may run at once over all functions. */
  readonly concurrency: number
}

/** GetAccountSettings. */
export function accountRoutes({ catalogue, concurrency }: AccountRoutesDependencies): Handlers {
  return {
    async GetAccountSettings() {
      const [usage, reserved] = await Promise.all([catalogue.usage(), reservedConcurrency(catalogue)])
      return {
        AccountLimit: {
          TotalCodeSize: accountCodeBytes,
          CodeSizeUnzipped: packageLimits.unzippedBytes,
          CodeSizeZipped: packageLimits.zippedBytes,
          ConcurrentExecutions: concurrency,
          UnreservedConcurrentExecutions: concurrency - reserved,
        },
        AccountUsage: { TotalCodeSize: usage.codeBytes, FunctionCount: usage.functionCount },
      }
    },
  }
}
