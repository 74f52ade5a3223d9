import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'

/** The limits of a batch. */
export interface BatchLimits<Item> {
  readonly most: number
  readonly maxBytes: number
  readonly bytesOf: (item: Item) => number
  /** How long a call waits for more to join its batch. By default it does not wait. */
  readonly lingerMs?: number
}

interface Waiting<Item> {
  readonly item: Item
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

/**
 * Combines calls into batches: calls of one turn of the event loop, and calls that arrive while a batch is under way, go together. When
 * a batch fails, all calls that wait behind it fail too, so that no call waits for more than one.
 */
export function batchedCall<Item>(
  call: (items: readonly Item[]) => Promise<void>,
  limits: BatchLimits<Item>,
): (item: Item) => Promise<void> {
  const waiting: Waiting<Item>[] = []
  let isRunning = false

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      await (limits.lingerMs === undefined ? nextTurn() : delay(limits.lingerMs))
      const batch = waiting.splice(0, fitting(waiting, limits))
      try {
        await call(batch.map(({ item }) => item))
        for (const { resolve } of batch) resolve()
      } catch (cause) {
        for (const { reject } of [...batch, ...waiting.splice(0)]) reject(cause)
      }
    }
    isRunning = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (isRunning) return
      isRunning = true
      void run()
    })
}

/** How many of the oldest waiting calls fit into a batch; at least one. */
function fitting<Item>(waiting: readonly Waiting<Item>[], { most, maxBytes, bytesOf }: BatchLimits<Item>): number {
  let bytes = 0
  const over = waiting.findIndex(({ item }, at) => at === most || ((bytes += bytesOf(item)) > maxBytes && at > 0))
  return over < 0 ? waiting.length : over
}
