/** Lambda's exceptions, for errors of the caller. Factories in this file create them; only `routes/` maps them to HTTP. */
export class LambdaError extends Error {
  override readonly name: string
  readonly status: number
  /** Further members of the body, such as `Reason`. */
  readonly members: Readonly<Record<string, string>>
  /** Whether the body's member is `Message`; in most exceptions it is `message`. */
  readonly capitalMessage: boolean

  constructor(
    kind: Kind,
    message: string,
    options: { type?: 'User' | 'Service' | undefined; reason?: string } = { type: 'User' },
  ) {
    super(message)
    this.name = kind.name
    this.status = kind.status
    this.capitalMessage = kind.capitalMessage ?? false
    this.members = {
      ...(options.reason === undefined ? {} : { Reason: options.reason }),
      ...(options.type === undefined ? {} : { Type: options.type }),
    }
  }
}

interface Kind {
  readonly name: string
  readonly status: number
  readonly capitalMessage?: boolean
}

/** Exceptions by name, with their status and the spelling of their message member, as in the service's model. */
export const kinds = {
  accessDenied: { name: 'AccessDeniedException', status: 403, capitalMessage: true },
  codeSigningConfigNotFound: { name: 'CodeSigningConfigNotFoundException', status: 404, capitalMessage: true },
  codeStorageExceeded: { name: 'CodeStorageExceededException', status: 400 },
  codeVerificationFailed: { name: 'CodeVerificationFailedException', status: 400, capitalMessage: true },
  incompleteSignature: { name: 'IncompleteSignatureException', status: 403 },
  invalidParameterValue: { name: 'InvalidParameterValueException', status: 400 },
  invalidRequestContent: { name: 'InvalidRequestContentException', status: 400 },
  invalidRuntime: { name: 'InvalidRuntimeException', status: 502, capitalMessage: true },
  invalidSignature: { name: 'InvalidSignatureException', status: 403 },
  missingAuthenticationToken: { name: 'MissingAuthenticationTokenException', status: 403 },
  policyLengthExceeded: { name: 'PolicyLengthExceededException', status: 400 },
  preconditionFailed: { name: 'PreconditionFailedException', status: 412 },
  provisionedConcurrencyConfigNotFound: { name: 'ProvisionedConcurrencyConfigNotFoundException', status: 404 },
  recursiveInvocation: { name: 'RecursiveInvocationException', status: 400, capitalMessage: true },
  requestEntityTooLarge: { name: 'RequestEntityTooLargeException', status: 413 },
  requestTooLarge: { name: 'RequestTooLargeException', status: 413 },
  resourceConflict: { name: 'ResourceConflictException', status: 409 },
  resourceNotFound: { name: 'ResourceNotFoundException', status: 404, capitalMessage: true },
  serialization: { name: 'SerializationException', status: 400 },
  service: { name: 'ServiceException', status: 500, capitalMessage: true },
  tooManyRequests: { name: 'TooManyRequestsException', status: 429 },
  unknownOperation: { name: 'UnknownOperationException', status: 404 },
  unrecognizedClient: { name: 'UnrecognizedClientException', status: 403 },
  noPublishedVersion: { name: 'NoPublishedVersionException', status: 400, capitalMessage: true },
  notImplemented: { name: 'NotImplementedException', status: 501 },
  unsupportedMediaType: { name: 'UnsupportedMediaTypeException', status: 415 },
  validation: { name: 'ValidationException', status: 400 },
} as const satisfies Record<string, Kind>

/** All constraint violations of a request, in one message (reference 1.5). */
export function validation(violations: readonly string[]): LambdaError {
  const count = violations.length
  const text = `${String(count)} validation error${count === 1 ? '' : 's'} detected: ${violations.join('; ')}`
  return new LambdaError(kinds.validation, text, {})
}

export function invalidParameterValue(message: string): LambdaError {
  return new LambdaError(kinds.invalidParameterValue, message)
}

/** Invoke's body or client context cannot be read (reference 3.1). */
export function invalidRequestContent(message: string): LambdaError {
  return new LambdaError(kinds.invalidRequestContent, message)
}

/** Bodies that are not JSON, or whose members have the wrong JSON type. */
export function serialization(message: string): LambdaError {
  return new LambdaError(kinds.serialization, message, {})
}

export function functionNotFound(arn: string): LambdaError {
  return new LambdaError(kinds.resourceNotFound, `Function not found: ${arn}`)
}

/** The account's concurrency limit is reached (reference 3.3 and 7.6). */
export function accountConcurrencyExceeded(): LambdaError {
  return new LambdaError(kinds.tooManyRequests, 'Rate Exceeded.', {
    type: 'User',
    reason: 'ConcurrentInvocationLimitExceeded',
  })
}

/** Rejected deployment packages (reference 2.4). */
export const packageErrors = {
  couldNotUnzip: () =>
    invalidParameterValue('Could not unzip uploaded file. Please check your file, then try to upload again.'),
  empty: () => invalidParameterValue('Uploaded file must be a non-empty zip'),
  unzippedTooLarge: () => invalidParameterValue('Unzipped size must be smaller than 262144000 bytes'),
  zippedTooLarge: () => new LambdaError(kinds.requestEntityTooLarge, 'Zipped size must be smaller than 52428800 bytes'),
}

/** This machine cannot run the function's runtime; the message says what to install. */
export function invalidRuntime(message: string): LambdaError {
  return new LambdaError(kinds.invalidRuntime, message)
}

/** All of the function's reserved concurrency is in use (reference 3.3 and 7.6). */
export function reservedConcurrencyExceeded(): LambdaError {
  const reason = 'ReservedFunctionConcurrentInvocationLimitExceeded'
  return new LambdaError(kinds.tooManyRequests, 'Rate Exceeded.', { type: 'User', reason })
}

/** An internal error, whose details the caller does not get. */
export function serviceFault(): LambdaError {
  return new LambdaError(kinds.service, 'An internal error occurred. The server log has the details.', {
    type: 'Service',
  })
}

/**
 * The store is temporarily unavailable, and the caller should retry. AWS's `ServiceException` has status 500; its SDKs retry a 503
 * as well.
 */
export function storeUnavailable(cause: unknown): LambdaError {
  const message = 'The service is temporarily unavailable. Try again in a moment.'
  const unavailable = new LambdaError({ ...kinds.service, status: 503 }, message, { type: 'Service' })
  unavailable.cause = cause
  return unavailable
}

/** Whether the error is `storeUnavailable`. */
export function isStoreUnavailable(fault: unknown): boolean {
  return fault instanceof LambdaError && fault.status === 503
}

/** A chain of invocations contains the function too often (reference 6.6). AWS's message is unknown. */
export function recursiveInvocation(): LambdaError {
  const text = 'Lambda has detected your function being invoked in a recursive loop and stopped it.'
  return new LambdaError(kinds.recursiveInvocation, text)
}
