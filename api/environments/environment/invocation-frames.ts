import type { Frame, InvokeMessage, ResponseMessage } from '../../../runtime-bootstrap/protocol/protocol.ts'
import type { Invocation, InvocationResult } from './invocation.ts'

/** What a supervisor is told of an invocation, beside its event. */
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

/** What a supervisor's answer is to the caller. */
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

/** What the caller gets when the function used up the memory of its environment, supervisor and all: what that would have said. */
export function outOfMemory({ requestId, stream }: Interrupted): InvocationResult {
  const errorMessage = `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`
  const payload = Buffer.from(JSON.stringify({ errorType: 'Runtime.OutOfMemory', errorMessage }))
  const interruption = stream?.hasBegun === true ? { errorType: 'Sandbox.Failure' } : {}
  return { payload, contentType: 'application/json', functionError: 'Unhandled', ...interruption }
}
