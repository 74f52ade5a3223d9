import { RuntimeError } from './errors.mjs'
import { isStreaming } from './streaming.mjs'

const callbacksAreGone =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify ' +
  'this function to use a supported handler signature to use Node.js 24 or later. For more information see ' +
  'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.'
const neverSettled =
  'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was ' +
  'never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes'
const noJson = 'Unable to stringify response body'

/**
 * How a runtime calls handlers. `run` completes with the handler's result, and returns a function to call when the event loop is empty;
 * `serialize` turns the result into JSON. `answerStands`: whether a result is kept when an unhandled rejection ends the
 * runtime.
 */
export function handlerStyle(executionEnvironment, handler) {
  if (!isAtLeast24(executionEnvironment)) {
    return { run: runWithCallbacks, serialize: serializer(() => new Error(noJson)), answerStands: true }
  }
  if (handler.length >= 3 && !isStreaming(handler))
    throw new RuntimeError('Runtime.CallbackHandlerDeprecated', callbacksAreGone)
  const serialize = serializer(() => new RuntimeError('Runtime.JSONStringifyError', noJson))
  return { run: runAwaited, serialize, answerStands: false }
}

/** Whether the function is configured for Node.js 24 or later, whatever version runs it. */
export function isAtLeast24(executionEnvironment) {
  return Number(/nodejs(\d+)/.exec(executionEnvironment ?? '')?.[1] ?? 0) >= 24
}

/** From Node.js 24 on: the return value, or the value of the returned promise. */
function runAwaited(handler, event, context, { resolve, reject }) {
  Promise.resolve(handler(event, context)).then(resolve, reject)
  return () => reject(new RuntimeError('Runtime.NodeJsExit', neverSettled))
}

/**
 * Before Node.js 24: its promise's value; else the callback's value, by default when the event loop is empty; else the value of
 * `context.done` and its kin, at once; else nothing, when the event loop is empty, which is an error of an async function.
 */
function runWithCallbacks(handler, event, context, { resolve, reject }) {
  const settle = (error, result) => (error === null || error === undefined ? resolve(result) : reject(error))
  let atEnd = () => {
    if (handler.constructor.name !== 'AsyncFunction') resolve(undefined)
    else reject(new RuntimeError('Runtime.NodeJsExit', neverSettled))
  }
  const fail = (error) => settle(error ?? 'handled')
  const succeed = (result) => settle(null, result)
  Object.assign(context, { callbackWaitsForEmptyEventLoop: true, done: settle, fail, succeed })
  const result = handler(event, context, (error, answer) => {
    const isSuccess = error === null || error === undefined
    if (isSuccess && context.callbackWaitsForEmptyEventLoop) atEnd = () => resolve(answer)
    else settle(error, answer)
  })
  if (typeof result?.then === 'function') result.then(succeed, fail)
  return () => atEnd()
}

function serializer(errorOf) {
  return (result) => {
    try {
      return JSON.stringify(result === undefined ? null : result) ?? 'null'
    } catch {
      throw errorOf()
    }
  }
}
