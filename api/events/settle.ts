import type { Log } from '../observe/log.ts'
import { attempt, type RunEvent } from './attempt.ts'
import type { EventQueue, TakenEvent } from './queue.ts'
import { noProgress } from './progress.ts'
import type { SettingsOf } from './settings.ts'
import { backOffMs, judge, judgeBefore, type Verdict } from './verdict.ts'

export interface SettleParts {
  readonly queue: EventQueue
  readonly run: RunEvent
  readonly settingsOf: SettingsOf
  readonly retryDelayMs: number
  readonly keptFailures: number
  readonly log: Pick<Log, 'warn' | 'error'>
  readonly now: () => number
}

/** What the dispatcher learns of an event: whether the events of its function had better wait a moment. */
export interface Settled {
  readonly rests: boolean
}

/**
 * Takes one event as far as it can be taken now.
 *
 * 1. settings   what holds for the event now; without its function it goes       settings.ts
 * 2. run        unless it is over before                                         attempt.ts
 * 3. judge      over, or when again                                              verdict.ts
 * 4. write      what is to be run again waits; a failure is kept, a success goes
 *
 * A process that dies before step 4 has changed nothing: the event is in flight, and is run again by the next.
 */
export async function settle(parts: SettleParts, event: TakenEvent): Promise<Settled> {
  const verdict = await verdictOn(parts, event)
  if (verdict === undefined) {
    await parts.queue.finish(event.id)
    parts.log.warn(`Event ${event.id} of ${event.functionArn} is dropped: its function is gone.`)
    return { rests: false }
  }
  const { step, againMs } = verdict
  if (againMs !== undefined) {
    await parts.queue.putBack(event.id, againMs, step)
    return { rests: step.progress.refusals > 0 }
  }
  const condition = step.progress.outcome?.condition
  if (condition === 'Success') await parts.queue.finish(event.id)
  else {
    await parts.queue.fail(event.id, step, parts.keptFailures)
    parts.log.warn(`Event ${event.id} of ${event.functionArn} failed: ${String(condition)}.`)
  }
  return { rests: false }
}

/** What becomes of the event; nothing when its function is gone. */
async function verdictOn(parts: SettleParts, event: TakenEvent): Promise<Verdict | undefined> {
  const { settingsOf, run, now, retryDelayMs } = parts
  const settings = await settingsOf(event.functionName, event.qualifier).catch((cause: unknown) => ({ cause }))
  if (settings === undefined) return undefined
  if ('cause' in settings) {
    parts.log.error(`The settings for event ${event.id} cannot be read.`, settings.cause)
    const { refusals, ...progress } = event.progress ?? noProgress
    return { step: { progress: { ...progress, refusals: refusals + 1 } }, againMs: now() + backOffMs(refusals) }
  }
  const before = judgeBefore({ event, settings, retryDelayMs, nowMs: now() })
  if (before !== undefined) return before
  const came = await attempt(event, run)
  return judge({ event, settings, retryDelayMs, nowMs: now() }, came)
}
