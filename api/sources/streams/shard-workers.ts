import type { Checkpoint } from '../polling/checkpoints.ts'
import { describeStreamBatch } from '../batches/failure-record.ts'
import type { Lease } from '../polling/lease.ts'
import { isOver } from '../polling/pause.ts'
import { createRecordQueue, type RecordQueue } from '../batches/record-queue.ts'
import { createShardProgress } from '../batches/record-progress.ts'
import type { SourceParts } from '../polling/source.ts'
import { runStreamBatch, type BatchParts } from '../batches/stream-batch.ts'
import type { Stream } from './stream.ts'
import type { StreamRecord } from '../batches/stream-record.ts'
import { createTumblingWindow, type TumblingWindow } from './tumbling-window.ts'

/**
 * Runs the records of a shard with as many workers as the mapping's parallelization factor. Records with the same key stay in
 * order.
 */
export interface ShardWorkers {
  /** Adds a record, to be run or to be skipped. */
  push(record: StreamRecord, isWanted: boolean): void
  /** Waits until the queues have capacity. */
  waitForCapacity(signal: AbortSignal): Promise<void>
  /** Saves the checkpoint, which skipped records may have advanced. */
  saveProgress(): Promise<void>
  /** Closes the queues; resolves when all records are complete. */
  end(): Promise<void>
}

export interface ShardWorkersParts {
  readonly stream: Stream
  readonly shardId: string
  readonly lease: Lease
  readonly checkpoint: Checkpoint
  readonly source: SourceParts
}

/** A window ends when its time is over and the reader has had time to read its last records. */
const windowGraceMs = 2_000

/**
 * Starts the workers of a shard from its checkpoint on. They end when the signal aborts; `onFault` is called with other
 * reasons.
 */
export function openShardWorkers(
  parts: ShardWorkersParts,
  signal: AbortSignal,
  onFault: (error: unknown) => void,
): ShardWorkers {
  const { shardId, source, checkpoint } = parts
  const { settings } = source
  const progress = createShardProgress()
  const window =
    settings.tumblingWindowSeconds > 0
      ? createTumblingWindow({
          seconds: settings.tumblingWindowSeconds,
          shardId,
          streamArn: settings.sourceArn,
          opened: checkpoint.window,
        })
      : undefined
  const save = createSaver(parts, () => ({ ...position(progress.reached(), checkpoint), ...windowOf(window) }))
  let onCapacity = (): void => undefined
  const count = window === undefined ? settings.parallelizationFactor : 1
  const queues = Array.from({ length: count }, () => createRecordQueue(() => onCapacity()))
  const onDone = async (records: readonly StreamRecord[]) => {
    progress.done(records.map(({ sequenceNumber }) => sequenceNumber))
    await save()
  }
  const workers = queues.map((queue) => runWorker({ parts, queue, window, onDone, save }, signal).catch(onFault))
  const maxWaiting = settings.batchSize * count
  return {
    push(record, isWanted) {
      progress.add(record.sequenceNumber)
      if (isWanted) queues[workerOf(record.orderKey, count)]?.push(record)
      else progress.done([record.sequenceNumber])
    },
    async waitForCapacity(aborting) {
      while (!aborting.aborted && queues.reduce((sum, queue) => sum + queue.size(), 0) >= maxWaiting) {
        const { promise, resolve } = Promise.withResolvers<undefined>()
        onCapacity = () => resolve(undefined)
        aborting.addEventListener('abort', onCapacity, { once: true })
        await promise
        aborting.removeEventListener('abort', onCapacity)
      }
    },
    saveProgress: save,
    async end() {
      for (const queue of queues) queue.end()
      await Promise.all(workers)
    },
  }
}

function position(reached: string | undefined, checkpoint: Checkpoint): Checkpoint {
  const { sinceMs, sequenceNumber } = checkpoint
  const known = reached ?? sequenceNumber
  if (known !== undefined) return { sequenceNumber: known }
  return sinceMs === undefined ? {} : { sinceMs }
}

function windowOf(window: TumblingWindow | undefined): Checkpoint {
  const open = window?.open()
  return open === undefined ? {} : { window: open }
}

/** Saves checkpoints one after the other, and only if they changed. An expired lease ends the polling. */
function createSaver({ shardId, lease, source }: ShardWorkersParts, current: () => Checkpoint): () => Promise<void> {
  let saved = ''
  let saving = Promise.resolve()
  const saveOnce = async () => {
    const checkpoint = current()
    const text = JSON.stringify(checkpoint)
    if (text === saved || text === '{}') return
    if (!(await source.checkpoints.save(shardId, checkpoint, lease.fence)))
      throw new Error(`Another server reads ${shardId}.`)
    saved = text
  }
  return () => {
    saving = saving.catch(() => undefined).then(saveOnce)
    return saving
  }
}

interface Worker {
  readonly parts: ShardWorkersParts
  readonly queue: RecordQueue
  readonly window: TumblingWindow | undefined
  readonly onDone: (records: readonly StreamRecord[]) => Promise<void>
  readonly save: () => Promise<void>
}

async function runWorker(worker: Worker, signal: AbortSignal): Promise<void> {
  const { parts, queue, window } = worker
  const { settings, now } = parts.source
  const state = { endsEarly: false }
  const batch: BatchParts = {
    ...parts.source,
    describe: (failure) => describeStreamBatch(failure, parts.source, parts.stream.batchInfoKey, parts.shardId),
    eventOf: (records) => ({ Records: records.map(({ event }) => event), ...window?.members(false) }),
    onAnswer: (payload) => {
      if (window?.keep(payload) === false) state.endsEarly = true
    },
    onDone: worker.onDone,
  }
  for (;;) {
    const endMs = window?.endMs()
    const how = {
      most: settings.batchSize,
      windowMs: settings.batchingWindowSeconds * 1000,
      untilMs: endMs === undefined ? undefined : endMs + windowGraceMs,
      now,
      ...(window === undefined ? {} : { groupOf: window.startOf }),
    }
    const records = await queue.take(how, signal)
    const [first] = records ?? []
    const startMs = first && window?.startOf(first)
    const hasPassed = window?.open() !== undefined && !isOver(signal) && startMs !== window.open()?.startMs
    if (hasPassed || state.endsEarly) await endWindow(worker, batch, signal)
    state.endsEarly = false
    if (records === undefined) return
    if (startMs !== undefined) window?.enter(startMs)
    if (records.length > 0) await runStreamBatch(records, batch, signal)
  }
}

/** The last invocation of a window has no records; its state is not kept. */
async function endWindow(worker: Worker, batch: BatchParts, signal: AbortSignal): Promise<void> {
  const { window, save } = worker
  const members = window?.members(true)
  const final: BatchParts = {
    ...batch,
    eventOf: () => ({ Records: [], ...members }),
    onAnswer: () => undefined,
    onDone: async () => {
      window?.leave()
      await save()
    },
  }
  await runStreamBatch([], final, signal)
}

/** Returns the same worker for the same key. */
function workerOf(orderKey: string, count: number): number {
  let hash = 0
  for (let index = 0; index < orderKey.length; index++) hash = (hash * 31 + orderKey.charCodeAt(index)) >>> 0
  return hash % count
}
