import { setTimeout as delay } from 'node:timers/promises'
import type { Catalogue } from '../functions/catalogue/catalogue.ts'
import type { Log } from '../observe/log.ts'
import type { Counters } from './outcomes/event-counters.ts'
import type { FailedEvents } from './queue/failed-events.ts'

/** The events of functions that were deleted: they are discarded, and never run under a new function of the same name. */
export interface DeletedFunctions {
  /** Discards what is left under a name that has no function. Before a function is created this must have resolved. */
  discard(functionName: string): Promise<void>
  /** The same for a function that was just removed. Resolves at the latest after some seconds; what is left or fails is done later. */
  discardAfterRemoval(functionName: string): Promise<void>
  /** The same for all functions that were removed by servers that died before they could discard. */
  discardAll(): Promise<void>
}

export interface DeletedFunctionsParts {
  readonly catalogue: Pick<Catalogue, 'find'>
  readonly failedEvents: Pick<FailedEvents, 'counts' | 'mark' | 'discard'>
  readonly counters: Pick<Counters, 'count'>
  /** Returns the function's prefetched events to the queue. */
  readonly forget: (functionName: string) => void
  readonly log: Pick<Log, 'warn' | 'error'>
}

/** How long a removal waits for its events, and when those that could not be discarded are tried again. */
const maxWaitMs = 5_000
const retryMs = 5_000
const pageSize = 1000

/** Discards events. Of the same name one at a time, so that none goes on while a new function may exist. */
export function createDeletedFunctions(parts: DeletedFunctionsParts): DeletedFunctions {
  const { catalogue, failedEvents, log } = parts
  const running = new Map<string, Promise<void>>()

  const discard = (functionName: string): Promise<void> => {
    const before = running.get(functionName) ?? Promise.resolve()
    const next = before.catch(() => undefined).then(() => discardNow(parts, functionName))
    running.set(functionName, next)
    const forgetRun = () => {
      if (running.get(functionName) === next) running.delete(functionName)
    }
    next.then(forgetRun, forgetRun)
    return next
  }

  const untilDiscarded = async (functionName: string): Promise<void> => {
    for (;;) {
      try {
        await discard(functionName)
        return
      } catch (cause) {
        log.error(`The events of the deleted function ${functionName} could not be discarded. Trying again.`, cause)
        await delay(retryMs, undefined, { ref: false })
      }
    }
  }

  return {
    discard,
    discardAfterRemoval: async (functionName) => {
      await Promise.race([untilDiscarded(functionName), delay(maxWaitMs, undefined, { ref: false })])
    },
    discardAll: async () => {
      let after: string | undefined
      do {
        const page = await failedEvents.counts({ limit: pageSize, ...(after === undefined ? {} : { after }) })
        for (const { functionName } of page) {
          if ((await catalogue.find(functionName)) === undefined) await discard(functionName)
        }
        after = page.length < pageSize ? undefined : page.at(-1)?.functionName
      } while (after !== undefined)
    },
  }
}

/**
 * The mark comes first: an event up to it was accepted while an earlier function had the name, if none has it now. Later ones may be of
 * a function that another server has created since.
 */
async function discardNow(parts: DeletedFunctionsParts, functionName: string): Promise<void> {
  const { catalogue, failedEvents, counters, forget, log } = parts
  const mark = await failedEvents.mark()
  if ((await catalogue.find(functionName)) !== undefined) return
  forget(functionName)
  const count = await failedEvents.discard(functionName, mark)
  if (count === 0) return
  counters.count(functionName, 'asyncEventsDropped', count)
  log.warn(`${String(count)} events of ${functionName} are discarded: their function was deleted.`)
}
