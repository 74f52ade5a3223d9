import { format } from 'node:util'
import { errorBody, intoError, isError, stringifyErrors } from './errors.mjs'

const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
const methods = {
  log: 'INFO',
  info: 'INFO',
  debug: 'DEBUG',
  warn: 'WARN',
  error: 'ERROR',
  trace: 'TRACE',
  fatal: 'FATAL',
}

/** Prefixes each line as AWS's runtime does. Returns functions that set the current invocation and log an error. */
export function patchConsole(variables) {
  const isJson = variables.AWS_LAMBDA_LOG_FORMAT === 'JSON'
  const minLevel = isJson ? Math.max(0, levels.indexOf((variables.AWS_LAMBDA_LOG_LEVEL ?? 'TRACE').toUpperCase())) : 0
  let run = {}
  let out
  const write = (level, args) => {
    if (levels.indexOf(level) < minLevel) return
    const time = new Date().toISOString()
    const line = isJson
      ? jsonLine({ timestamp: time, level, ...run }, args)
      : `${time}\t${run.requestId}\t${level}\t${format(...args)}`
    out ??= process.stdout
    out.write(`${line}\n`)
  }
  for (const [method, level] of Object.entries(methods)) console[method] = (...args) => write(level, args)
  return {
    enter(requestId, tenantId) {
      run = { requestId, tenantId }
    },
    error(title, error) {
      write('ERROR', isJson ? [intoError(error)] : [`${title} \t${describe(intoError(error))}`])
    },
    /** Waits until the log is in its pipe: a long one is written in pieces, and a response must not overtake it. */
    async flushed() {
      if (out === undefined || out.writableLength === 0) return
      await new Promise((resolve) => out.write('', resolve))
    },
  }
}

/** Falls back to a short form for an error that cannot be serialized. */
function describe(error) {
  try {
    return stringifyErrors(error)
  } catch {
    return JSON.stringify(errorBody(error))
  }
}

function jsonLine(record, args) {
  const [first] = args
  if (args.length <= 1) {
    try {
      return JSON.stringify({ ...record, message: first }, (_key, member) => (isError(member) ? shown(member) : member))
    } catch {
      return JSON.stringify({ ...record, message: format(first) })
    }
  }
  const error = args.find(isError)
  return JSON.stringify({ ...record, message: format(...args), ...(error === undefined ? {} : summary(error)) })
}

/** An error as the message of a line in JSON. */
function shown(error) {
  return { ...summary(error), ...error }
}

function summary({ constructor, message, stack }) {
  const stackTrace = typeof stack === 'string' ? stack.split('\n') : []
  return { errorType: constructor?.name ?? 'UnknownError', errorMessage: message, stackTrace }
}
