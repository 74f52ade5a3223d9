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

/** The events that run. */
export interface Runs {
  /** Begins with those events of a function that have a place; each that ends makes place for the next. */
  start(functionName: string): void
  startAll(): void
}

/** None yet; `onEnd` hears of each end, when what could follow has begun. */
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

  /** What waits here of a function that rests is anybody's. */
  const rest = (functionName: string): void => {
    const untilMs = now() + backOffMs(0)
    if (permits.throttled(functionName, now(), untilMs)) void putBackAll(parts, prefetch.drain(functionName), untilMs)
  }

  return { start, startAll: () => prefetch.functionNames().forEach(start) }
}

/** The place is for the next one as soon as there is an answer; what kept an event from running may keep the next one too. */
async function answered(running: Promise<RunAnswer>, leave: () => void): Promise<RunAnswer> {
  const answer = await running
  leave()
  return answer
}

/** Puts events back that were not begun. What cannot be put back is run again when this server is gone. */
export async function putBackAll(
  { queue, log }: RunsParts,
  events: readonly TakenEvent[],
  dueMs: number,
): Promise<void> {
  const giving = events.map(({ id, progress = noProgress }) => queue.putBack(id, dueMs, { progress }))
  const failed = (await Promise.allSettled(giving)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') log.error('Events that were not begun could not be put back.', failed.reason)
}
