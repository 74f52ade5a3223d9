import type { TakenEvent } from '../queue/event-queue.ts'

/** The result of a run. A function error is a result too. */
export interface RunAnswer {
  readonly payload: Uint8Array
  readonly functionError?: string
  readonly executedVersion: string
}

/** Runs one event; rejects when it was not run. A function error is no rejection. */
export type RunEvent = (event: TakenEvent) => Promise<RunAnswer>

/** An event was run, or could not be run. */
export type Attempt = { readonly answer: RunAnswer } | { readonly refusal: unknown }

/** Runs the event once, and never rejects. */
export async function attempt(event: TakenEvent, run: RunEvent): Promise<Attempt> {
  try {
    return { answer: await run(event) }
  } catch (refusal) {
    return { refusal }
  }
}
