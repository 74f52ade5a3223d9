/** Why an event is over; the first four in AWS's words (reference 6.2), the others where AWS has no record of it. */
export type Condition =
  'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency' | 'RecursiveLoop' | 'Refused'

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
  readonly executedVersion: string
  readonly functionError?: string
}

/** What is told of an event that is over, and to whom it must still be told. */
export interface Outcome {
  readonly condition: Condition
  readonly endedMs: number
  /** The status and text that a dead letter carries. */
  readonly statusCode: number
  readonly message?: string
  /** ARNs that have yet to take it. */
  readonly destination?: string
  readonly deadLetter?: string
  /** Since when delivery is tried. */
  readonly failures?: readonly string[]
}
