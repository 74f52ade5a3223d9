import { invalidParameterValue, kinds, LambdaError, validation } from '../errors.ts'
import { nameErrors } from './function-errors.ts'

const notFound = (message: string) => new LambdaError(kinds.resourceNotFound, message)

/** Event invoke configs (reference 2.12). */
export const eventInvokeErrors = {
  nothingGiven: () => invalidParameterValue('You must specify at least one of error handling or destination setting.'),
  ownDestination: () => invalidParameterValue("You can't specify the function as a destination for itself."),
  unknownDestination: (arn: string) => invalidParameterValue(`The destination ARN ${arn} is invalid.`),
  /** `config` as AWS prints a destination config. */
  unsupportedDestination: (config: string) =>
    invalidParameterValue(`The provided destination config ${config} is invalid.`),
  noFunction: () => notFound("The function doesn't exist."),
  noConfig: (arn: string) => notFound(`The function ${arn} doesn't have an EventInvokeConfig`),
}

/** Runtime management configs; the text is ours, AWS's is not known. */
export const runtimeManagementErrors = {
  noRuntimeVersion: () => invalidParameterValue('RuntimeVersionArn is required when UpdateRuntimeOn is set to Manual.'),
  runtimeVersionNotManual: () =>
    invalidParameterValue('RuntimeVersionArn can only be set when UpdateRuntimeOn is set to Manual.'),
}

/** Function URL configs (reference 1.7, 9.1). */
export const functionUrlErrors = {
  noFunction: () => notFound('Function does not exist'),
  notFound: nameErrors.resourceNotFound,
  exists: (arn: string) =>
    new LambdaError(
      kinds.resourceConflict,
      `Failed to create function url config for [functionArn = ${arn}]. ` +
        'Error message:  FunctionUrlConfig exists for this Lambda function',
    ),
  /** A version cannot have a URL. */
  notAnAlias: (qualifier: string) =>
    validation([
      `Value '${qualifier}' at 'qualifier' failed to satisfy constraint: ` +
        String.raw`Member must satisfy regular expression pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)`,
    ]),
}

const withoutType = (message: string) => new LambdaError(kinds.invalidParameterValue, message, {})

/** Provisioned concurrency, and reserved concurrency beside it (reference 7.2, 7.3). */
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
