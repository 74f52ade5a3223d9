import { patchConsole } from './console.mjs'
import { createContext } from './context.mjs'
import { errorBody, unhandledRejection } from './errors.mjs'
import { handlerStyle, isAtLeast24 } from './handler-styles.mjs'
import { loadHandler } from './load-handler.mjs'
import { importThroughNodePath } from './node-path.mjs'
import { RuntimeApi } from './runtime-api.mjs'
import { waitForFunction } from './standby.mjs'
import { ResponseStream, installGlobals, isStreaming } from './streaming.mjs'

const variables = process.env
let api
let log

/** Reports an uncaught error to the running invocation, or as an init error. */
let report = (body) => api.failInit(JSON.stringify(body), body.errorType)

let isEnding = false

async function die(title, error, exitCode) {
  isEnding = true
  log.error(title, error)
  api.hold(true)
  await log.flushed()
  await report(errorBody(error))
  process.exit(exitCode)
}

let handler
let style

/**
 * Loads the handler, then runs one event after the other. Handlers are CommonJS or ES modules; async, callback or streaming.
 * Not at the top level: as a CommonJS bundle, which cannot wait there, Node.js starts faster.
 */
async function main() {
  await waitForFunction()
  api = new RuntimeApi(variables.AWS_LAMBDA_RUNTIME_API)
  log = patchConsole(variables)
  installGlobals()
  const beforeImport = importThroughNodePath(variables)
  process.on('uncaughtException', (error) => void die('Uncaught Exception', error, 129))
  process.on('unhandledRejection', (reason, promise) => {
    void die('Unhandled Promise Rejection', unhandledRejection(reason, promise), 128)
  })
  try {
    handler = await loadHandler(
      variables.LAMBDA_TASK_ROOT,
      variables._HANDLER,
      isAtLeast24(variables.AWS_EXECUTION_ENV),
      beforeImport,
    )
    style = handlerStyle(variables.AWS_EXECUTION_ENV, handler)
  } catch (error) {
    await die('Uncaught Exception', error, 1)
  }

  for (;;) {
    api.hold(true)
    const { headers, body } = await api.next()
    const requestId = headers['lambda-runtime-aws-request-id']
    if (headers['lambda-runtime-trace-id'] === undefined) delete variables._X_AMZN_TRACE_ID
    else variables._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id']
    log.enter(requestId, headers['lambda-runtime-aws-tenant-id'])
    report = (failure) => api.fail(requestId, JSON.stringify(failure))
    try {
      const event = JSON.parse(body.toString('utf8'))
      if (isStreaming(handler)) await runStreaming(requestId, event, headers)
      else {
        const answer = style.serialize(await run(event, headers))
        await log.flushed()
        if (style.answerStands) report = () => api.answer(requestId, answer)
        await turn()
        api.respond(requestId, answer)
      }
    } catch (error) {
      log.error('Invoke Error', error)
      api.hold(true)
      await log.flushed()
      await api.fail(requestId, JSON.stringify(errorBody(error)))
    }
  }
}

void main()

/** An unhandled rejection surfaces within a turn of the event loop: a runtime that ends for it must not take another event. */
function turn() {
  return new Promise((resolve) => setImmediate(() => isEnding || resolve()))
}

/** Runs the handler. Meanwhile, the pending request for the next event does not keep the process alive. */
function run(event, headers) {
  let onEmpty
  return new Promise((resolve, reject) => {
    onEmpty = style.run(handler, event, createContext(headers, variables), { resolve, reject })
    process.once('beforeExit', onEmpty)
    api.hold(false)
  }).finally(() => {
    if (onEmpty !== undefined) process.removeListener('beforeExit', onEmpty)
    api.hold(true)
  })
}

async function runStreaming(requestId, event, headers) {
  const stream = new ResponseStream((contentType) => api.stream(requestId, contentType), handler)
  const sent = stream.sent()
  sent.catch(() => undefined)
  const failWhole = report
  const failStream = (body) => stream.fail(body.errorType, JSON.stringify(body))
  report = (body) => (stream.hasBegun ? failStream(body) : failWhole(body))
  try {
    const result = handler(event, stream, createContext(headers, variables))
    if (typeof result?.then !== 'function') throw new Error('Streaming does not support non-async handlers.')
    if ((await result) !== undefined) console.warn('Streaming handlers ignore return values.')
    await sent
  } catch (error) {
    if (!stream.hasBegun) throw error
    log.error('Invoke Error', error)
    await failStream(errorBody(error))
  }
}
