import type { Home } from '../functions/arn.ts'
import type { Catalogue } from '../functions/catalogue.ts'
import { nameErrors } from '../functions/function-errors.ts'
import { parseFunctionName } from '../functions/function-name.ts'
import { findVersion } from '../functions/resolve.ts'
import type { Handlers, Output } from './handler.ts'
import type { QualifiedMembers } from './functions.ts'

export interface FunctionDefaultsDependencies extends Home {
  readonly catalogue: Catalogue
}

/** What a function answers that never had the settings of these operations; deployment tools read them on every plan. */
export function functionDefaultRoutes(dependencies: FunctionDefaultsDependencies): Handlers {
  const referenceIn = ({ FunctionName, Qualifier }: QualifiedMembers) =>
    parseFunctionName(FunctionName, Qualifier, dependencies)
  const answering = (output: Output) => async (input: QualifiedMembers) => {
    await findVersion(dependencies, referenceIn(input))
    return output
  }

  return {
    GetFunctionCodeSigningConfig: answering({}),

    async GetPolicy(input: QualifiedMembers) {
      await findVersion(dependencies, referenceIn(input))
      throw nameErrors.resourceNotFound()
    },
  }
}
