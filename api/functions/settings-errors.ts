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
