/** Reads large bodies in a thread of its own: `body-thread.ts` starts it. */
import { parentPort } from 'node:worker_threads'
import { LambdaError } from '../../../errors.ts'
import { payloadFaultOf } from '../../../invoke/payload.ts'
import { decodeBody } from './decode-body.ts'
import type { Job, Reading, ReadResult } from './reading.ts'

parentPort?.on('message', ({ id, reading }: Job) => {
  const result = resultOf(reading)
  parentPort?.postMessage({ id, result }, 'input' in result ? bytesIn(result.input) : [])
})

function resultOf(reading: Reading): ReadResult {
  if (reading.kind === 'check') return { fault: payloadFaultOf(bufferOf(reading.payload)) }
  try {
    return { input: decodeBody(reading.operation, { ...reading.request, body: bufferOf(reading.request.body) }) }
  } catch (error) {
    if (!(error instanceof LambdaError)) throw error
    const { name, status, message, members, capitalMessage } = error
    return { refusal: { name, status, message, members, capitalMessage } }
  }
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** The packages in an input, which are handed over without a copy. */
function bytesIn(value: unknown): ArrayBuffer[] {
  if (value instanceof Uint8Array)
    return value.byteLength === value.buffer.byteLength ? [value.buffer as ArrayBuffer] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(bytesIn) : []
}
