import { functionNotFound, invalidParameterValue, kinds, LambdaError } from '../../errors.ts'

const withoutType = {}

/** Errors of names and qualifiers (reference 1.7). */
export const nameErrors = {
  qualifierMismatch: () =>
    invalidParameterValue('The derived qualifier from the function name does not match the specified qualifier.'),
  otherRegion: (theirs: string, ours: string) =>
    new LambdaError(kinds.resourceNotFound, `Functions from '${theirs}' are not reachable in this region ('${ours}')`),
  otherAccount: () => new LambdaError(kinds.accessDenied, '', withoutType),
  unqualifiedOnly: () =>
    invalidParameterValue(
      'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. ' +
        'Please specify either a function name or an unqualified function ARN.',
    ),
  notFound: functionNotFound,
  resourceNotFound: () => new LambdaError(kinds.resourceNotFound, 'The resource you requested does not exist.'),
}

/** A function on a capacity provider was invoked without a qualifier and has no `$LATEST.PUBLISHED`; AWS's text is unknown. */
export function noPublishedVersion(): LambdaError {
  return new LambdaError(kinds.noPublishedVersion, 'The function has no published versions available.')
}

/** Conflicts with a function's state or with another change (reference 2.1, 2.3, 2.6). */
export const conflicts = {
  exists: (name: string) => conflict(`Function already exist: ${name}`),
  updateInProgress: (arn: string) =>
    conflict(`The operation cannot be performed at this time. An update is in progress for resource: ${arn}`),
  /** A failed function says why: AWS's text for it is unknown. */
  inState: (state: string, reason?: string) =>
    conflict(
      'The operation cannot be performed at this time. ' +
        `The function is currently in the following state: ${state}${reason === undefined ? '' : `. ${reason}`}`,
    ),
  aliasesReference: (aliases: readonly string[]) =>
    conflict(`Unable to delete version because the following aliases reference it: [${aliases.join(', ')}]`),
  aliasExists: (arn: string) => conflict(`Alias already exists: ${arn}`),
  revision: () =>
    new LambdaError(
      kinds.preconditionFailed,
      'The Revision Id provided does not match the latest Revision Id. ' +
        'Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    ),
}

/** Errors of versions and aliases (reference 1.7, 2.6, 2.7). */
export const versionErrors = {
  latestNotDeletable: () => invalidParameterValue('$LATEST version cannot be deleted without deleting the function.'),
  aliasNotDeletable: () => invalidParameterValue('Deletion of aliases is not currently supported.'),
  codeSha256Differs: (given: string, current: string) =>
    invalidParameterValue(
      `CodeSHA256 (${given}) is different from current CodeSHA256 in $LATEST (${current}). ` +
        'Please try again with the CodeSHA256 in $LATEST.',
    ),
  latestInRouting: () =>
    new LambdaError(
      kinds.invalidParameterValue,
      '$LATEST is not supported for an alias pointing to more than 1 version',
      withoutType,
    ),
  tooManyWeights: () => invalidParameterValue('Number of items in AdditionalVersionWeights cannot be greater than 1'),
  versionTwice: (version: string) =>
    invalidParameterValue(
      `Invalid function version ${version}. Function version ${version} is already included in routing configuration.`,
    ),
  differentRoles: () => invalidParameterValue('Specified versions must be associated with the same execution role'),
  /** The text is ours. */
  differentDeadLetters: () =>
    invalidParameterValue('Specified versions must be associated with the same dead letter queue'),
  aliasNotFound: (arn: string) => new LambdaError(kinds.resourceNotFound, `Alias not found: ${arn}`),
  aliasUnknown: (arn: string) => new LambdaError(kinds.resourceNotFound, `Cannot find alias arn: ${arn}`),
}

/** Errors of tags and reserved concurrency (reference 2.10, 7.2). */
export const accountErrors = {
  tagsOnFunctionsOnly: () =>
    invalidParameterValue('Tags on function aliases and versions are not supported. Please specify a function ARN.'),
  tooManyTags: () => invalidParameterValue('Number of tags exceeds resource tag limit.'),
  noTags: () => invalidParameterValue('An error occurred and the request cannot be processed.'),
  unreservedTooLow: (minimum: number) =>
    new LambdaError(
      kinds.invalidParameterValue,
      "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its " +
        `minimum value of [${minimum}].`,
      withoutType,
    ),
}

/** The error for a list request whose marker was not issued by this server. */
export function invalidMarker(): LambdaError {
  return invalidParameterValue('Marker is not valid.')
}

function conflict(message: string): LambdaError {
  return new LambdaError(kinds.resourceConflict, message)
}

/** Errors of a function's code (reference 2.4). */
export const codeErrors = {
  noSource: () => invalidParameterValue('Please provide a source for function code.'),
  objectsNotSupported: () =>
    invalidParameterValue(
      'S3Bucket and S3Key need an S3 endpoint: set KUBELAMBDA_S3_ENDPOINT and start the server again, or send ZipFile.',
    ),
  /** The text is ours. */
  notVersioned: (bucket: string) =>
    invalidParameterValue(`S3ObjectStorageMode REFERENCE needs versioning, which the bucket ${bucket} does not have.`),
  storageExceeded: () => new LambdaError(kinds.codeStorageExceeded, 'Code storage limit exceeded.'),
}

/** The name of a new function is too long (reference 1.5). */
export function functionNameTooLong(name: string, most: number): LambdaError {
  return invalidParameterValue(
    `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: ` +
      `Member must have length less than or equal to ${most}`,
  )
}

/** Errors of package types and settings of the other type (reference 2.4). */
export const imageErrors = {
  notValid: (uri: string) => invalidParameterValue(`Source image ${uri} is not valid. Provide a valid source image.`),
  missing: (verb: 'creating' | 'updating') =>
    invalidParameterValue(`Please provide ImageUri when ${verb} a function with packageType Image.`),
  forZip: (verb: 'creating' | 'updating') =>
    invalidParameterValue(`Please don't provide ImageUri when ${verb} a function with packageType Zip.`),
  zipSettings: () =>
    invalidParameterValue(
      "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.",
    ),
  layers: () => invalidParameterValue('Lambda layers are not supported for functions created with container images.'),
  configForZip: () =>
    invalidParameterValue("Please don't provide ImageConfig when updating a function with packageType Zip."),
}
