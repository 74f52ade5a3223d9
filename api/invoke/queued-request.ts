import type { FunctionReference } from '../functions/function/name.ts'
import type { InvokeRequest } from './invoke.ts'
import { traceHeader } from './trace-header.ts'

/** A stored asynchronous invocation, as far as it is needed to run it. */
interface Queued {
  readonly id: string
  readonly functionName: string
  readonly qualifier?: string
  readonly payload: Uint8Array
  readonly clientContext?: string
  readonly tenantId?: string
  readonly traceId?: string
  readonly acceptedMs: number
}

/** The invocation of a queued event, with the request id that its sender received. */
export function queuedRequest(event: Queued): InvokeRequest {
  const { functionName: name, qualifier, clientContext, tenantId } = event
  const reference: FunctionReference = qualifier === undefined ? { name } : { name, qualifier }
  return {
    reference,
    requestId: event.id,
    payload: event.payload,
    tail: false,
    isEvent: true,
    traceId: traceHeader(event.traceId, event.acceptedMs),
    ...(clientContext === undefined ? {} : { clientContext }),
    ...(tenantId === undefined ? {} : { tenantId }),
  }
}
