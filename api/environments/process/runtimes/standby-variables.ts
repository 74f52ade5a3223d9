import type { StandbyCommand } from '../../../../runtime-bootstrap/protocol/standby-command.ts'
import type { FoundRuntime } from '../../driver/found-runtime.ts'
import { defaultVariables, temporaryVariables, type EnvironmentFolders } from '../../driver/variables.ts'
import { startCommand } from './start-command.ts'

/**
 * Environment variables that make a supervisor start a standby runtime; none where that is not possible. A function whose
 * variables or libraries affect the start of its runtime gets a fresh one (`standby.ts` of the supervisor).
 */
export function standbyVariables(
  runtime: FoundRuntime | undefined,
  folders: EnvironmentFolders,
  runsAs: Pick<StandbyCommand, 'user'> = {},
): Readonly<Record<string, string>> {
  // Ruby reads where its function's code is when it starts, and only a mounted folder is known by then.
  if (runtime === undefined || (runtime.family === 'ruby' && !folders.isMounted)) return {}
  const standsFor = startCommand(runtime, folders)
  if (standsFor.length === 0) return {}
  const variables = { ...defaultVariables(runtime, folders), ...temporaryVariables(folders) }
  const standby: StandbyCommand = { command: [...standsFor, '--standby'], standsFor, variables, ...runsAs }
  return { KUBELAMBDA_STANDBY: JSON.stringify(standby) }
}
