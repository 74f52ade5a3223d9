import { kinds, LambdaError } from '../../../errors.ts'
import type { OperationName } from '../../../model/operations.ts'

const packageLimit = 70_167_211
const payloadLimit = 6_291_456
/** Bytes beyond the limit of a synchronous payload that are still read, so that the exact check can count them. */
const slackBytes = 100

const withPackage: ReadonlySet<OperationName> = new Set(['CreateFunction', 'UpdateFunctionCode', 'PublishLayerVersion'])
const withPayload: ReadonlySet<OperationName> = new Set(['Invoke', 'InvokeAsync', 'InvokeWithResponseStream'])

/** Whether the body is an event for a function, as it is, and not the operation's input in JSON. */
export function isPayload(operation: OperationName): boolean {
  return withPayload.has(operation)
}

/** The largest body that an operation's route reads, in bytes. */
export function bodyLimitOf(operation: OperationName): number {
  return withPackage.has(operation) ? packageLimit - 1 : payloadLimit + slackBytes
}

/** The exception for a body over the limit; `bytes` is the announced length, `type` the value of `X-Amz-Invocation-Type`. */
export function bodyTooLarge(
  operation: OperationName,
  bytes: number | undefined,
  type = 'RequestResponse',
): LambdaError {
  if (!withPayload.has(operation)) {
    const limit = bodyLimitOf(operation) + 1
    const text = `Request must be smaller than ${String(limit)} bytes for the ${operation} operation`
    return new LambdaError(kinds.requestEntityTooLarge, text, {})
  }
  const limit = type === 'Event' ? 1_048_576 : payloadLimit
  const read = bytes ?? bodyLimitOf(operation) + 1
  const text = `${String(read)} byte payload is too large for the ${type} invocation type (limit ${String(limit)} bytes)`
  return new LambdaError(kinds.requestTooLarge, text)
}
