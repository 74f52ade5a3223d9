import type { Launched } from '../driver/driver.ts'

/** The environment was lost during an invocation. */
export class EnvironmentLost extends Error {
  /** True when the supervisor certainly never received the event, so that it may run elsewhere. */
  readonly neverReached: boolean
  /** True when this server ended it, because the server ends. */
  readonly byServer: boolean

  constructor({ id, assignment }: Launched, reason: string, neverReached: boolean, byServer = false) {
    super(`The environment ${id} of ${assignment.functionName} was lost: ${reason}`)
    this.neverReached = neverReached
    this.byServer = byServer
  }
}
