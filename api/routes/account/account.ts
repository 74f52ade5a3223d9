import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { usedCodeBytes } from '../../functions/code/code-in-use.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { packageLimits } from '../../functions/code/deployment-package.ts'
import { reservedConcurrency } from '../../functions/concurrency/reserved.ts'
import type { Handlers } from '../http/handler.ts'

export interface AccountRoutesDependencies {
  readonly catalogue: Pick<Catalogue, 'usage' | 'list'>
  readonly documents: Pick<Documents, 'list'>
  /** The account's limit for the code of all versions, in bytes. */
  readonly maxCodeBytes: number
  /** The account's concurrency limit. */
  readonly concurrency: number
}

/** GetAccountSettings. */
export function accountRoutes(dependencies: AccountRoutesDependencies): Handlers {
  const { catalogue, concurrency, maxCodeBytes } = dependencies
  return {
    async GetAccountSettings() {
      const [{ functionCount }, codeBytes, reserved] = await Promise.all([
        catalogue.usage(),
        usedCodeBytes(dependencies),
        reservedConcurrency(catalogue),
      ])
      return {
        AccountLimit: {
          TotalCodeSize: maxCodeBytes,
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
