import type { EventState, StoredEvent, FailedEvents } from './failed-events.ts'

/** An operator's actions on a function's events. Each returns the number of events it changed. */
export interface Redrive {
  find(functionName: string, id: string): Promise<StoredEvent | undefined>
  /** Runs a failed event again from the start, or a delayed one now. */
  run(functionName: string, id: string): Promise<number>
  /** Cancels a waiting event or deletes a failed one. A running event is not changed. */
  remove(functionName: string, id: string): Promise<number>
  runAll(functionName: string, state: EventState): Promise<number>
  removeAll(functionName: string, state: EventState): Promise<number>
}

const pageSize = 100

/** `wake` tells the dispatcher that there are events to take. */
export function createRedrive(failedEvents: FailedEvents, wake: () => void): Redrive {
  const find = async (functionName: string, id: string) => {
    const event = await failedEvents.find(id)
    return event?.functionName === functionName ? event : undefined
  }
  const one = async (functionName: string, id: string, change: (id: string) => Promise<boolean>) =>
    (await find(functionName, id)) !== undefined && (await change(id)) ? 1 : 0
  const release = (id: string) => failedEvents.release(id)
  const remove = (id: string) => failedEvents.remove(id)
  const woken = async (counting: Promise<number>) => {
    const count = await counting
    if (count > 0) wake()
    return count
  }
  return {
    find,
    run: (functionName, id) => woken(one(functionName, id, release)),
    remove: (functionName, id) => one(functionName, id, remove),
    runAll: (functionName, state) => woken(each(failedEvents, functionName, state, release)),
    removeAll: (functionName, state) => each(failedEvents, functionName, state, remove),
  }
}

/** Changes each event once, even when a changed event returns to the same state. */
async function each(
  failedEvents: FailedEvents,
  functionName: string,
  state: EventState,
  change: (id: string) => Promise<boolean>,
): Promise<number> {
  let count = 0
  let cursor: string | undefined
  do {
    const page = await failedEvents.list({
      functionName,
      state,
      limit: pageSize,
      ...(cursor === undefined ? {} : { cursor }),
    })
    const changes = await Promise.all(page.events.map(({ id }) => change(id)))
    count += changes.filter(Boolean).length
    cursor = page.cursor
  } while (cursor !== undefined)
  return count
}
