/** Why an event ended, as AWS names it (reference 6.2). */
export type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency'

/** The progress of an event. Stored with it as JSON, so that a process that takes over can resume. */
export interface EventProgress {
  /** How often the function ran. */
  readonly runs: number
  /** Consecutive failures to run the event or to deliver its outcome. */
  readonly refusals: number
  /** How often an environment was lost while it ran the event. */
  readonly losses?: number
  /** How the last run ended; its response is stored separately. */
  readonly lastRun?: LastRun
  /** Set once the event has ended: it does not run again, only its outcome is delivered. */
  readonly outcome?: Outcome
}

export interface LastRun {
  /** `$LATEST` or the number that ran. */
  readonly executedVersion: string
  readonly functionError?: string
}

/** How an event ended. */
export interface Outcome {
  readonly condition: Condition
  readonly endedMs: number
  /** 200 when the function ran last, else the status of the error that prevented it. */
  readonly statusCode: number
  /** The error that prevented the run, or the function's error message. */
  readonly message?: string
  /** Targets that have not acknowledged yet; absent until they are looked up. */
  readonly pending?: Pending
}

/** ARNs of the targets of an outcome. */
export interface Pending {
  readonly destination?: string
  readonly deadLetter?: string
}

/** Nothing has happened yet. */
export const noProgress: EventProgress = { runs: 0, refusals: 0 }
