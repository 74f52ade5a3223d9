import type { Launched } from '../driver/driver.ts'
import type { InvocationResult } from './invocation.ts'

/** What is known of the loss. */
export interface Loss {
  /** The event certainly never reached the function, so that it may run elsewhere. */
  readonly neverReached: boolean
  /** This server ended the environment, because the server ends. */
  readonly byServer?: boolean
  /** The result when the function was the cause, which counts if its environments are lost each time before they are initialised. */
  readonly result?: InvocationResult | undefined
}

/** The environment was lost during an invocation. */
export class EnvironmentLost extends Error implements Loss {
  readonly neverReached: boolean
  readonly byServer: boolean
  readonly result: InvocationResult | undefined

  constructor({ id, assignment }: Launched, reason: string, { neverReached, byServer = false, result }: Loss) {
    super(`The environment ${id} of ${assignment.functionName} was lost: ${reason}`)
    this.neverReached = neverReached
    this.byServer = byServer
    this.result = result
  }
}
