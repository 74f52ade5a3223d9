import { backOffMs, pause } from '../polling/pause.ts'

/**
 * The result of a poll. `work` resolves with false if the work could not be done; the next poll is then delayed with backoff.
 */
export interface FoundWork {
  readonly isBusy: boolean
  readonly work: () => Promise<boolean>
}

export interface WorkersParts {
  /** Maximum of concurrent workers. */
  readonly most: number
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly signal: AbortSignal
}

/** As on AWS: five concurrent batches, then 300 more each minute while there is work (reference 8.2). */
const firstWorkers = 5
const msForOneMore = 200

/**
 * Polls for work and does it until the signal aborts. Adds workers while there is work, down to one when there is none. Rejects
 * with the first error, once all workers have ended.
 */
export async function runWorkers(
  { most, now, signal }: WorkersParts,
  look: (isFirst: boolean, signal: AbortSignal) => Promise<FoundWork>,
): Promise<void> {
  const failed = new AbortController()
  const inner = AbortSignal.any([signal, failed.signal])
  const workers = new Set<Promise<void>>()
  let busySinceMs = now()

  const startMore = (): void => {
    const allowed = Math.min(most, firstWorkers + Math.floor((now() - busySinceMs) / msForOneMore))
    if (workers.size < allowed && !inner.aborted) start(false)
  }
  const work = async (isFirst: boolean): Promise<void> => {
    let refusals = 0
    while (!inner.aborted) {
      const found = await look(isFirst, inner)
      if (found.isBusy) startMore()
      const isDone = found.isBusy && (await found.work())
      if (!isDone && !isFirst) return
      if (found.isBusy) refusals = isDone ? 0 : refusals + 1
      if (refusals > 0) await pause(backOffMs(refusals), inner)
      if (!found.isBusy && workers.size === 1) busySinceMs = now()
    }
  }
  const start = (isFirst: boolean): void => {
    const worker = work(isFirst)
      .catch((error: unknown) => {
        if (!inner.aborted) failed.abort(error)
      })
      .finally(() => workers.delete(worker))
    workers.add(worker)
  }

  start(true)
  while (workers.size > 0) await Promise.all(workers)
  if (failed.signal.aborted) throw failed.signal.reason
}
