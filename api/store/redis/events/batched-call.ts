import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'

/** What a batch of calls may hold. */
export interface BatchLimits<Item> {
  readonly most: number
  readonly mostBytes: number
  readonly bytesOf: (item: Item) => number
  /** A call waits so long for more to come; not at all unless given. */
  readonly lingerMs?: number
}

interface Waiting<Item> {
  readonly item: Item
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

/**
 * Makes one call of many: those of one turn of the event loop, and those that come while the call before is under way, go together. When a call
 * fails so do all that wait behind it, so that none waits longer than for one.
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

/** How many of those that wait longest fit into a batch; one always does. */
function fitting<Item>(waiting: readonly Waiting<Item>[], { most, mostBytes, bytesOf }: BatchLimits<Item>): number {
  let bytes = 0
  const over = waiting.findIndex(({ item }, at) => at === most || ((bytes += bytesOf(item)) > mostBytes && at > 0))
  return over < 0 ? waiting.length : over
}
