import type { StreamRecord } from './stream-record.ts'
import { splitBySize } from './batch-size.ts'

/** The ordered queue between the reader of a shard and the worker that runs its records. */
export interface RecordQueue {
  push(record: StreamRecord): void
  size(): number
  /** Closes the queue: no more records follow. */
  end(): void
  /**
   * Takes a batch when it is full, or when the batching window ends. Resolves with undefined when the queue is closed and empty
   * or the signal aborts, and with an empty batch at `untilMs`.
   */
  take(how: Take, signal: AbortSignal): Promise<StreamRecord[] | undefined>
}

export interface Take {
  readonly most: number
  readonly windowMs: number
  /** Epoch milliseconds at which an empty batch is returned; never if absent. */
  readonly untilMs?: number | undefined
  readonly now: () => number
  /** A record of another group than the first ends the batch. */
  readonly groupOf?: (record: StreamRecord) => number
}

/** Creates an empty queue. `onTaken` is called when a batch was taken. */
export function createRecordQueue(onTaken: () => void): RecordQueue {
  const records: StreamRecord[] = []
  let hasEnded = false
  let wake = (): void => undefined

  const waitForChange = async (ms: number, signal: AbortSignal): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    wake = () => resolve(undefined)
    const timer = Number.isFinite(ms) ? setTimeout(wake, Math.max(ms, 0)) : undefined
    signal.addEventListener('abort', wake, { once: true })
    await promise
    clearTimeout(timer)
    signal.removeEventListener('abort', wake)
  }

  return {
    push(record) {
      records.push(record)
      wake()
    },
    size: () => records.length,
    end() {
      hasEnded = true
      wake()
    },
    async take(how, signal) {
      let firstMs: number | undefined
      for (;;) {
        if (signal.aborted) return undefined
        const batch = nextBatch(records, how)
        if (batch.length > 0) firstMs ??= how.now()
        const isDue = batch.length > 0 && how.now() >= (firstMs ?? 0) + how.windowMs
        if (isDue || batch.length >= how.most || batch.length < records.length || (hasEnded && batch.length > 0)) {
          records.splice(0, batch.length)
          onTaken()
          return batch
        }
        if (hasEnded) return undefined
        if (how.untilMs !== undefined && batch.length === 0 && how.now() >= how.untilMs) return []
        const untilMs = batch.length > 0 ? (firstMs ?? 0) + how.windowMs : (how.untilMs ?? Number.POSITIVE_INFINITY)
        await waitForChange(untilMs - how.now(), signal)
      }
    },
  }
}

function nextBatch(records: readonly StreamRecord[], { most, groupOf }: Take): StreamRecord[] {
  const some = records.slice(0, most)
  const [first] = some
  if (first === undefined) return []
  const group = groupOf?.(first)
  const other = groupOf === undefined ? -1 : some.findIndex((record) => groupOf(record) !== group)
  const [batch = []] = splitBySize(other < 0 ? some : some.slice(0, other))
  return batch
}
