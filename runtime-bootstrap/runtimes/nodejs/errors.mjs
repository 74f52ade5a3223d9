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

/** Objects without a prototype have no text of their own. */
function textOf(value) {
  try {
    return String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/** What AWS's runtime makes of a rejection that nobody handles. */
export function unhandledRejection(reason, promise) {
  const error = new RuntimeError('Runtime.UnhandledPromiseRejection', textOf(reason))
  error.reason = reason
  error.promise = promise
  return error
}

/** The log shows errors alone: what else was thrown is made one. */
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

/** JSON in which errors at any depth show what they are. */
export function stringifyErrors(value) {
  return JSON.stringify(value, (_key, member) => (isError(member) ? errorRecord(member) : member))
}

export function isError(value) {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}
