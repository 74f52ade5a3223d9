/** Why an event is over, in AWS's words (reference 6.2). */
export type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency'

/** How far an event has come. Kept as JSON beside it, so that a process that takes over goes on from here. */
export interface EventProgress {
  /** How often the function ran. */
  readonly runs: number
  /** How often in a row it could not be run, or its outcome could not be delivered. */
  readonly refusals: number
  /** How the last run ended; what it answered is kept apart. */
  readonly lastRun?: LastRun
  /** Set once it is decided: the event is not run any more, only its outcome is delivered. */
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
  /** 200 when the function ran last, else the status of what kept it from running. */
  readonly statusCode: number
  /** What kept it from running, or the function's own words. */
  readonly message?: string
  /** Who has yet to be told; absent until that is looked up. */
  readonly pending?: Pending
}

/** ARNs of those who are told how an event ended. */
export interface Pending {
  readonly destination?: string
  readonly deadLetter?: string
}

/** Nothing has happened yet. */
export const noProgress: EventProgress = { runs: 0, refusals: 0 }
