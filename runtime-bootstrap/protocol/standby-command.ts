/** A runtime that is started before it is known which function it will run. */
export interface StandbyCommand {
  /** Starts it so that it waits: for `{folder, variables}`, JSON on descriptor 3 up to its end. */
  readonly command: readonly string[]
  /** The start command that it can stand for. */
  readonly standsFor: readonly string[]
  /** What it is started with. */
  readonly variables: Readonly<Record<string, string>>
  /** Who it runs as; the supervisor's own user when absent. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

/** `KUBELAMBDA_STANDBY` of the supervisor: a `StandbyCommand` as JSON; nothing from drivers whose environments have no runtime ahead. */
export function readStandby(text = ''): StandbyCommand | undefined {
  return text === '' ? undefined : (JSON.parse(text) as StandbyCommand)
}
