import { types } from 'node:util'
import { Worker } from 'node:worker_threads'
import { LambdaError } from '../../../errors.ts'
import type { Decoded, RawRequest } from '../../../model/decode.ts'
import type { OperationName } from '../../../model/operations.ts'
import type { Job, Reading, ReadResult, Refusal } from './reading.ts'

/** Bodies larger than this are read in the thread: parsing them would hold all other requests up. */
export const largeBytes = 524_288

/** Reads large bodies beside the event loop, one after the other. */
export interface BodyThread {
  /** The input of an operation, as `decodeBody` has it. Takes the body over: the caller's bytes are empty afterwards. */
  decode(operation: OperationName, request: RawRequest): Promise<Decoded>
  /** The fault of an event that is not JSON. */
  faultOf(payload: Buffer): Promise<string | undefined>
}

interface Waiting {
  readonly resolve: (result: ReadResult) => void
  readonly reject: (cause: unknown) => void
}

/** The thread ends after this long without a body, and gives its memory back. */
const idleMs = 10_000
/** The heap of the thread: a text of 70 MB, as it came and parsed. */
const maxHeapMb = 384

/** A running thread, with what it was asked. */
interface Running {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
}

/** A thread that starts with the first large body. */
export function createBodyThread(): BodyThread {
  let running: Running | undefined
  let idle: NodeJS.Timeout | undefined
  let lastId = 0

  const end = (ended: Running): void => {
    if (running === ended) running = undefined
    void ended.worker.terminate()
  }
  const ask = (reading: Reading, transfer: ArrayBuffer[]): Promise<ReadResult> =>
    new Promise((resolve, reject) => {
      clearTimeout(idle)
      running ??= start({
        onQuiet: (quiet) => {
          if (running === quiet) idle = setTimeout(() => end(quiet), idleMs).unref()
        },
        onExit: (ended) => {
          if (running === ended) running = undefined
        },
      })
      const { worker, waiting } = running
      const job: Job = { id: ++lastId, reading }
      waiting.set(job.id, { resolve, reject })
      worker.ref()
      worker.postMessage(job, transfer)
    })

  return {
    decode: async (operation, request) => {
      const body = ownBytes(request.body)
      const reading: Reading = { kind: 'decode', operation, request: { ...request, body: body as Buffer } }
      const result = await ask(reading, [body.buffer])
      if ('refusal' in result) throw errorOf(result.refusal)
      return restored('input' in result ? result.input : {}) as Decoded
    },
    faultOf: async (payload) => {
      const copy = new Uint8Array(payload)
      const result = await ask({ kind: 'check', payload: copy }, [copy.buffer])
      return 'fault' in result ? result.fault : undefined
    },
  }
}

interface ThreadListener {
  /** The thread has answered everything. */
  onQuiet(running: Running): void
  onExit(running: Running): void
}

function start(listener: ThreadListener): Running {
  const worker = new Worker(new URL('./read-bodies.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
  })
  const running: Running = { worker, waiting: new Map() }
  const { waiting } = running
  let fault: unknown
  worker.on('message', ({ id, result }: { id: number; result: ReadResult }) => {
    waiting.get(id)?.resolve(result)
    waiting.delete(id)
    if (waiting.size > 0) return
    worker.unref()
    listener.onQuiet(running)
  })
  worker.on('error', (cause: unknown) => {
    fault = cause
  })
  worker.on('exit', () => {
    listener.onExit(running)
    for (const { reject } of waiting.values())
      reject(new Error('The thread that reads large bodies ended.', { cause: fault }))
    waiting.clear()
  })
  return running
}

/** Bytes that are all of their memory, so that it can be handed over; a copy if they are not. */
function ownBytes(body: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer } = body
  return buffer instanceof ArrayBuffer && buffer.byteLength === body.length
    ? new Uint8Array(buffer)
    : new Uint8Array(body)
}

/** Bytes are plain arrays, and maps have a prototype, after their way between threads. */
function restored(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (Array.isArray(value)) return value.map(restored)
  if (typeof value !== 'object' || value === null || types.isDate(value)) return value
  const members = Object.entries(value).map(([name, member]): [string, unknown] => [name, restored(member)])
  return Object.setPrototypeOf(Object.fromEntries(members), null) as unknown
}

function errorOf({ name, status, message, members, capitalMessage }: Refusal): LambdaError {
  const { Reason: reason, Type: type } = members
  return new LambdaError({ name, status, capitalMessage }, message, {
    type: type === 'User' || type === 'Service' ? type : undefined,
    ...(reason === undefined ? {} : { reason }),
  })
}
