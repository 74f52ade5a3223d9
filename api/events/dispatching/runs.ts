import type { Log } from '../../observe/log.ts'
import type { RunAnswer } from '../outcomes/attempt.ts'
import { noProgress } from '../queue/event-progress.ts'
import type { TakenEvent } from '../queue/event-queue.ts'
import { settle, type SettleParts } from '../outcomes/completion.ts'
import type { Stock } from './ready-buffer.ts'
import { backOffMs } from '../outcomes/retry-policy.ts'

export interface RunsParts extends SettleParts {
  readonly log: Pick<Log, 'warn' | 'error'>
}

/** The events that run. */
export interface Runs {
  /** Begins with those events of a function that have a place; each that ends makes place for the next. */
  start(functionName: string): void
  startAll(): void
}

/** None yet; `onEnd` hears of each end, when what could follow has begun. */
export function createRuns(parts: RunsParts, stock: Stock, onEnd: (functionName: string) => void): Runs {
  const { now } = parts
  const { places, ahead, paces } = stock

  const start = (name: string): void => {
    while (ahead.count(name) > 0 && !places.isClosed(name, now())) {
      const event = ahead.next(name)
      if (event !== undefined) void runAndSettle(event)
    }
  }

  const runAndSettle = async (event: TakenEvent): Promise<void> => {
    const { functionName } = event
    const run = places.take(functionName, now())
    stock.unsettled++
    const leave = (): void => {
      places.giveBack(run)
      start(functionName)
    }
    try {
      const { rests } = await settle({ ...parts, run: (each) => answered(parts.run(each), leave) }, event)
      places.giveBack(run)
      if (rests) rest(functionName)
    } catch (cause) {
      parts.log.error(`The outcome of event ${event.id} cannot be stored; it is run again after the next start.`, cause)
    } finally {
      stock.unsettled--
      leave()
    }
    paces.note(functionName, now() - run.startedMs)
    onEnd(functionName)
  }

  /** What waits here of a function that rests is anybody's. */
  const rest = (functionName: string): void => {
    const untilMs = now() + backOffMs(0)
    if (places.refused(functionName, now(), untilMs)) void giveBack(parts, ahead.leave(functionName), untilMs)
  }

  return { start, startAll: () => ahead.functionNames().forEach(start) }
}

/** The place is for the next one as soon as there is an answer; what kept an event from running may keep the next one too. */
async function answered(running: Promise<RunAnswer>, leave: () => void): Promise<RunAnswer> {
  const answer = await running
  leave()
  return answer
}

/** Puts events back that were not begun. What cannot be put back is run again when this server is gone. */
export async function giveBack({ queue, log }: RunsParts, events: readonly TakenEvent[], dueMs: number): Promise<void> {
  const giving = events.map(({ id, progress = noProgress }) => queue.putBack(id, dueMs, { progress }))
  const failed = (await Promise.allSettled(giving)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') log.error('Events that were not begun could not be put back.', failed.reason)
}
