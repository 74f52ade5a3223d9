import type { Frame, InvokeMessage, ResponseMessage } from '../../../runtime-bootstrap/protocol/protocol.ts'
import type { FunctionEnding } from '../driver/driver.ts'
import type { Invocation, InvocationResult } from './invocation.ts'

/** The frame of an invocation, without its event. */
export function invokeMessage(invocation: Invocation): InvokeMessage {
  const { requestId, functionArn, tail, traceId, clientContext, tenantId, isEvent } = invocation
  return {
    type: 'invoke',
    requestId,
    functionArn,
    tail,
    ...(traceId === undefined ? {} : { traceId }),
    ...(clientContext === undefined ? {} : { clientContext }),
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(invocation.sink === undefined ? {} : { streaming: true }),
    ...(isEvent === undefined ? {} : { isEvent }),
  }
}

/** The result for the caller, from the supervisor's response. */
export function resultOf({ message, body }: Frame<ResponseMessage>, logTail?: string): InvocationResult {
  return {
    payload: body,
    contentType: message.contentType,
    ...(message.functionError === undefined ? {} : { functionError: message.functionError }),
    ...(message.errorType === undefined ? {} : { errorType: message.errorType }),
    ...(logTail === undefined ? {} : { logTail }),
  }
}

interface Interrupted {
  readonly requestId: string
  readonly stream?: { readonly hasBegun: boolean } | undefined
}

/** The result and the log when the function ended its environment, supervisor included: as the supervisor would have reported it. */
export function endingOf(
  { requestId, stream }: Interrupted,
  ending: FunctionEnding,
): { readonly result: InvocationResult; readonly log: string } {
  const errorType = ending === 'out-of-memory' ? 'Runtime.OutOfMemory' : 'Runtime.ExitError'
  const signal = ending === 'terminated' ? 'terminated' : 'killed'
  const errorMessage = `RequestId: ${requestId} Error: Runtime exited with error: signal: ${signal}`
  const payload = Buffer.from(JSON.stringify({ errorType, errorMessage }))
  const interruption = stream?.hasBegun === true ? { errorType: 'Sandbox.Failure' } : {}
  return {
    result: { payload, contentType: 'application/json', functionError: 'Unhandled', ...interruption },
    log: `${errorMessage}\n${errorType}\n`,
  }
}
