import { createRecordQueue, type RecordQueue, type Take } from '../../batches/record-queue.ts'
import type { StreamRecord } from '../../batches/stream-record.ts'
import type { Reading } from './assignments.ts'

/** Records of a partition that wait to be run; fetching stops while there are enough. */
export interface Backlog {
  push(records: readonly { readonly record: StreamRecord; readonly bytes: number }[]): void
  take(how: Take, signal: AbortSignal): ReturnType<RecordQueue['take']>
  /** What is to be paused and resumed. */
  follow(reading: Reading): void
}

/** More than an event can hold, so that a full one never waits for more. */
const enoughBytes = 12 * 1024 * 1024

/** An empty backlog; a batch's worth of records is enough, or of bytes. */
export function createBacklog(batchSize: number): Backlog {
  const queue = createRecordQueue(() => undefined)
  const sizes = new WeakMap<StreamRecord, number>()
  let bytes = 0
  let reading: Reading | undefined
  let isPaused = false
  const regulate = (): void => {
    const isEnough = queue.size() >= batchSize || bytes >= enoughBytes
    if (isEnough === isPaused) return
    isPaused = isEnough
    if (isEnough) reading?.pause()
    else reading?.resume()
  }
  return {
    push(records) {
      for (const { record, bytes: size } of records) {
        sizes.set(record, size)
        bytes += size
        queue.push(record)
      }
      regulate()
    },
    async take(how, signal) {
      const taken = await queue.take(how, signal)
      for (const record of taken ?? []) bytes -= sizes.get(record) ?? 0
      regulate()
      return taken
    },
    follow(followed) {
      reading = followed
      if (isPaused) reading.pause()
    },
  }
}
