import { isUtf8 } from 'node:buffer'
import { invalidRequestContent, kinds, LambdaError } from '../errors.ts'
import { findJsonFault } from './json/json-fault.ts'
import { mayExceedLimits } from './json/json-limits.ts'

/** Largest event of a synchronous invocation, in bytes. */
export const maxPayloadBytes = 6_291_456
/** Largest event of an asynchronous invocation, in bytes. */
export const maxEventBytes = 1_048_576
/** Largest event of InvokeAsync, which is deprecated. */
export const maxInvokeAsyncBytes = 262_144

const emptyEvent = Buffer.from('{}')

/** The event for the function: the caller's bytes, or `{}` for none. Rejects invalid JSON. */
export function checkPayload(
  payload: Buffer,
  type: 'RequestResponse' | 'Event',
  limit = type === 'Event' ? maxEventBytes : maxPayloadBytes,
): Buffer {
  if (payload.length > limit) throw tooLarge(payload.length, type, limit)
  if (payload.length === 0) return emptyEvent
  const fault = payloadFaultOf(payload)
  if (fault !== undefined) throw notJson(fault)
  return payload
}

/** The same for a large event; `faultOf` looks for the fault elsewhere than on the event loop. */
export async function checkLargePayload(
  payload: Buffer,
  type: 'RequestResponse' | 'Event',
  faultOf: (payload: Buffer) => Promise<string | undefined>,
): Promise<Buffer> {
  const limit = type === 'Event' ? maxEventBytes : maxPayloadBytes
  if (payload.length > limit) throw tooLarge(payload.length, type, limit)
  const fault = await faultOf(payload)
  if (fault !== undefined) throw notJson(fault)
  return payload
}

/** The first fault of an event that is not JSON. */
export function payloadFaultOf(payload: Buffer): string | undefined {
  return isPlainJson(payload) ? undefined : findJsonFault(payload)
}

/** Whether the payload is JSON without a doubt. AWS's parser also takes bytes that `JSON.parse` refuses, and has limits. */
function isPlainJson(payload: Buffer): boolean {
  if (!isUtf8(payload) || mayExceedLimits(payload)) return false
  try {
    JSON.parse(payload.toString('utf8'))
    return true
  } catch {
    return false
  }
}

function tooLarge(bytes: number, type: string, limit: number): LambdaError {
  const text = `${String(bytes)} byte payload is too large for the ${type} invocation type (limit ${String(limit)} bytes)`
  return new LambdaError(kinds.requestTooLarge, text)
}

function notJson(fault: string): LambdaError {
  return invalidRequestContent(`Could not parse request body into json: Could not parse payload into json: ${fault}`)
}
