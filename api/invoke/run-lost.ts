/** The environment was lost while it ran the event, for no reason that is known to be the function's. */
export class RunLost extends Error {
  readonly executedVersion: string

  constructor(cause: Error, executedVersion: string) {
    super(cause.message, { cause })
    this.executedVersion = executedVersion
  }
}
