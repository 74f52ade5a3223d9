import { createRecordQueue, type RecordQueue, type Take } from '../../batches/record-queue.ts'
import type { StreamRecord } from '../../batches/stream-record.ts'
import type { Reading } from './assignments.ts'

/** Records of a partition that wait to be run. Fetching pauses while there are enough. */
export interface Backlog {
  push(records: readonly { readonly record: StreamRecord; readonly bytes: number }[]): void
  take(how: Take, signal: AbortSignal): ReturnType<RecordQueue['take']>
  /** The reading to pause and resume. */
  follow(reading: Reading): void
}

/** More than an event can contain, so that a full event never waits for more records. */
const enoughBytes = 12 * 1024 * 1024

/** Creates an empty backlog, which is full with one batch's records or bytes. */
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
