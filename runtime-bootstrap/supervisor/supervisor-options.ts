import type { AllowedClients } from '../runtime-api/clients/client-check.ts'
import type { StandbyCommand } from '../protocol/standby-command.ts'

/** Options that depend on where the environment runs. */
export interface SupervisorOptions {
  /** The command that creates a named pipe; the system's `mkfifo` by default. */
  readonly pipeCommand?: readonly string[]
  /** The runtime to start before the function. */
  readonly standby?: StandbyCommand | undefined
  /** Whether its PID namespace holds nothing but the environment. */
  readonly ownsPidNamespace?: boolean
  /** Whose connections the Runtime API takes; everybody's where the environment has a network of its own. */
  readonly clients?: AllowedClients | undefined
}
