import { format } from 'node:util'
import { errorRecord, isError, stringifyErrors } from './errors.mjs'

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

/** Puts before each line what AWS's runtime puts there; answers how to say whose invocation runs, and how to log an error. */
export function patchConsole(variables) {
  const isJson = variables.AWS_LAMBDA_LOG_FORMAT === 'JSON'
  const least = isJson ? Math.max(0, levels.indexOf((variables.AWS_LAMBDA_LOG_LEVEL ?? 'TRACE').toUpperCase())) : 0
  let requestId
  let out
  const write = (level, args) => {
    if (levels.indexOf(level) < least) return
    const time = new Date().toISOString()
    const line = isJson
      ? jsonLine(time, requestId, level, args)
      : `${time}\t${requestId}\t${level}\t${format(...args).replaceAll('\n', '\r')}`
    out ??= process.stdout
    out.write(`${line}\n`)
  }
  for (const [method, level] of Object.entries(methods)) console[method] = (...args) => write(level, args)
  return {
    enter(id) {
      requestId = id
    },
    error(title, error) {
      write('ERROR', isJson ? [error] : [`${title} \t${describe(error)}`])
    },
    /** Waits until the log is in its pipe: a long one is written bit by bit, and an answer must not overtake it. */
    async flushed() {
      if (out === undefined || out.writableLength === 0) return
      await new Promise((resolve) => out.write('', resolve))
    },
  }
}

/** An error that cannot be shown must not hide that there was one. */
function describe(error) {
  try {
    return stringifyErrors(isError(error) ? error : errorRecord(error))
  } catch {
    return `{"errorType":${JSON.stringify(error?.name)},"errorMessage":${JSON.stringify(String(error))}}`
  }
}

function jsonLine(timestamp, requestId, level, args) {
  const record = { timestamp, level, requestId }
  const [first] = args
  if (args.length === 1 && isError(first)) Object.assign(record, shortRecord(first))
  else record.message = args.length === 1 && typeof first === 'object' ? first : format(...args)
  try {
    return stringifyErrors(record)
  } catch {
    return JSON.stringify({ timestamp, level, requestId, message: format(...args) })
  }
}

function shortRecord(error) {
  const { errorType, errorMessage, stack, ...others } = errorRecord(error)
  return { errorType, errorMessage, stackTrace: (stack ?? []).slice(1).map((line) => line.trim()), ...others }
}
