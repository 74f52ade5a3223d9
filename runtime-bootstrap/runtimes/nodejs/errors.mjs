/** An error of the runtime itself, with the type that AWS gives it. */
export class RuntimeError extends Error {
  constructor(errorType, message) {
    super(message)
    this.name = errorType
  }
}

/** The body that a thrown value is reported with; key order as AWS's. */
export function errorBody(error) {
  if (isError(error)) {
    const trace = String(error.stack ?? '').split('\n')
    return { errorType: error.name, errorMessage: error.message, trace }
  }
  return { errorType: typeof error, errorMessage: textOf(error), trace: [] }
}

/** Objects without a prototype have no `toString`. */
function textOf(value) {
  try {
    return String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/** The error that AWS's runtime reports for an unhandled rejection. */
export function unhandledRejection(reason, promise) {
  const error = new RuntimeError('Runtime.UnhandledPromiseRejection', textOf(reason))
  error.reason = reason
  error.promise = promise
  return error
}

/** The log only shows errors: other thrown values are wrapped in one. */
export function intoError(thrown) {
  return isError(thrown) ? thrown : new Error(textOf(thrown))
}

/** The object that the log shows for an error: type, message, own members, stack. */
function errorRecord(error) {
  const { name, message, code } = error
  const { name: _name, message: _message, stack: _stack, ...own } = error
  const record = { errorType: name, errorMessage: message, code, ...own }
  if (typeof error.stack === 'string') record.stack = error.stack.split('\n')
  return record
}

/** JSON that includes errors at any depth. */
export function stringifyErrors(value) {
  return JSON.stringify(value, (_key, member) => (isError(member) ? errorRecord(member) : member))
}

export function isError(value) {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}
