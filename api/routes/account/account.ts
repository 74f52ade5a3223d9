import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { usedCodeBytes } from '../../functions/code/code-in-use.ts'
import { accountCodeBytes } from '../../functions/code/code-source.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { packageLimits } from '../../functions/code/deployment-package.ts'
import { reservedConcurrency } from '../../functions/concurrency/reserved.ts'
import type { Handlers } from '../http/handler.ts'

export interface AccountRoutesDependencies {
  readonly catalogue: Pick<Catalogue, 'usage' | 'list'>
  readonly documents: Pick<Documents, 'list'>
  /** The account's concurrency limit. */
  readonly concurrency: number
}

/** GetAccountSettings. */
export function accountRoutes(dependencies: AccountRoutesDependencies): Handlers {
  const { catalogue, concurrency } = dependencies
  return {
    async GetAccountSettings() {
      const [{ functionCount }, codeBytes, reserved] = await Promise.all([
        catalogue.usage(),
        usedCodeBytes(dependencies),
        reservedConcurrency(catalogue),
      ])
      return {
        AccountLimit: {
          TotalCodeSize: accountCodeBytes,
          CodeSizeUnzipped: packageLimits.unzippedBytes,
          CodeSizeZipped: packageLimits.zippedBytes,
          ConcurrentExecutions: concurrency,
          UnreservedConcurrentExecutions: concurrency - reserved,
        },
        AccountUsage: { TotalCodeSize: codeBytes, FunctionCount: functionCount },
      }
    },
  }
}
