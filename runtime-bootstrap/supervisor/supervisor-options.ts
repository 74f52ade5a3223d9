import type { StandbyCommand } from '../protocol/standby-command.ts'

/** What a supervisor is started with, which depends on where its environment is. */
export interface SupervisorOptions {
  /** Makes a named pipe; `mkfifo` of the system unless given. */
  readonly pipeCommand?: readonly string[]
  /** The runtime that waits for the environment's function. */
  readonly standby?: StandbyCommand | undefined
  /** Whether it is in a namespace of processes that holds nothing but the environment, as whoever starts it says. */
  readonly ownsPidNamespace?: boolean
}
