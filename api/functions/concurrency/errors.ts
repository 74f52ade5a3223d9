import { invalidParameterValue, kinds, LambdaError } from '../../errors.ts'

const withoutType = (message: string) => new LambdaError(kinds.invalidParameterValue, message, {})

/** Errors of provisioned concurrency, and of reserved concurrency beside it (reference 7.2, 7.3). */
export const provisionedErrors = {
  unpublished: () =>
    invalidParameterValue('Provisioned Concurrency Configs cannot be applied to unpublished function versions.'),
  notPublished: () => invalidParameterValue('The function resource provided must be an alias or a published version.'),
  versionProvisioned: () =>
    new LambdaError(
      kinds.resourceConflict,
      "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
    ),
  versionOfAlias: () =>
    new LambdaError(kinds.resourceConflict, 'Version is pointed by a Provisioned Concurrency alias'),
  noConfig: () =>
    new LambdaError(
      kinds.provisionedConcurrencyConfigNotFound,
      'No Provisioned Concurrency Config found for this function',
    ),
  aboveReserved: () =>
    invalidParameterValue(
      'Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function',
    ),
  aboveUnreserved: (unreserved: number) =>
    withoutType(
      `Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${unreserved}].`,
    ),
  unreservedTooLow: (minimum: number) =>
    withoutType(
      "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum " +
        `value of [${minimum}].`,
    ),
  reservedBelowProvisioned: (reserved: number, provisioned: number) =>
    withoutType(
      ` ReservedConcurrentExecutions  ${reserved} should not be lower than function's total provisioned concurrency ` +
        `[${provisioned}].`,
    ),
}
