/** A runtime that is started before its function is known. */
export interface StandbyCommand {
  /** Starts the runtime so that it reads `{folder, variables}` as JSON from descriptor 3, up to its end. */
  readonly command: readonly string[]
  /** The start command that it replaces. */
  readonly standsFor: readonly string[]
  /** Its environment variables. */
  readonly variables: Readonly<Record<string, string>>
  /** The user that it runs as; the supervisor's own when absent. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

/** Parses `KUBELAMBDA_STANDBY`: a `StandbyCommand` as JSON; empty when the environment has no standby runtime. */
export function readStandby(text = ''): StandbyCommand | undefined {
  return text === '' ? undefined : (JSON.parse(text) as StandbyCommand)
}
