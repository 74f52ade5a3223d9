import type { Log } from '../../observe/log.ts'
import type { RunAnswer } from '../outcomes/attempt.ts'
import { noProgress } from '../queue/event-progress.ts'
import type { TakenEvent } from '../queue/event-queue.ts'
import { complete, type CompletionParts } from '../outcomes/completion.ts'
import type { ReadyBuffer } from './ready-buffer.ts'
import { backOffMs } from '../outcomes/retry-policy.ts'

export interface RunsParts extends CompletionParts {
  readonly log: Pick<Log, 'warn' | 'error'>
}

/** Running events. */
export interface Runs {
  /** Starts prefetched events of a function while permits are available; the end of each starts the next. */
  start(functionName: string): void
  startAll(): void
}

/** `onEnd` is called at the end of each run, after the next one has started. */
export function createRuns(parts: RunsParts, buffer: ReadyBuffer, onEnd: (functionName: string) => void): Runs {
  const { now } = parts
  const { permits, prefetch, serviceTimes } = buffer

  const start = (name: string): void => {
    while (prefetch.count(name) > 0 && !permits.isClosed(name, now())) {
      const event = prefetch.next(name)
      if (event !== undefined) void runAndComplete(event)
    }
  }

  const runAndComplete = async (event: TakenEvent): Promise<void> => {
    const { functionName } = event
    const run = permits.acquire(functionName, now())
    buffer.uncompleted++
    const leave = (): void => {
      permits.release(run)
      start(functionName)
    }
    try {
      const { rests } = await complete({ ...parts, run: (each) => answered(parts.run(each), leave) }, event)
      permits.release(run)
      if (rests) rest(functionName)
    } catch (cause) {
      parts.log.error(`The outcome of event ${event.id} cannot be stored; it is run again after the next start.`, cause)
    } finally {
      buffer.uncompleted--
      leave()
    }
    serviceTimes.note(functionName, now() - run.startedMs)
    onEnd(functionName)
  }

  /** Prefetched events of a paused function return to the queue, where any server may take them. */
  const rest = (functionName: string): void => {
    const untilMs = now() + backOffMs(0)
    if (permits.throttled(functionName, now(), untilMs)) void putBackAll(parts, prefetch.drain(functionName), untilMs)
  }

  return { start, startAll: () => prefetch.functionNames().forEach(start) }
}

/** Releases the permit as soon as the function responds. A rejection keeps it: its cause may affect the next event too. */
async function answered(running: Promise<RunAnswer>, leave: () => void): Promise<RunAnswer> {
  const answer = await running
  leave()
  return answer
}

/** Returns prefetched events to the queue. Others take an event that cannot be returned once the lease of this server expires. */
export async function putBackAll(
  { queue, log }: RunsParts,
  events: readonly TakenEvent[],
  dueMs: number,
): Promise<void> {
  const giving = events.map(({ id, progress = noProgress }) => queue.putBack(id, dueMs, { progress }))
  const failed = (await Promise.allSettled(giving)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') log.error('Prefetched events could not be returned to the queue.', failed.reason)
}
