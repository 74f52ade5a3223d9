/** A runtime that is started before it is known which function it will run. */
export interface StandbyCommand {
  /** Starts it so that it waits: for `{folder, variables}`, JSON on descriptor 3 up to its end. */
  readonly command: readonly string[]
  /** The start command that it can stand for. */
  readonly standsFor: readonly string[]
  /** What it is started with. */
  readonly variables: Readonly<Record<string, string>>
}

/** What the driver sets in the supervisor's environment: a `StandbyCommand` as JSON, or nothing. */
export function readStandby(text = ''): StandbyCommand | undefined {
  return text === '' ? undefined : (JSON.parse(text) as StandbyCommand)
}
