import type { StandbyCommand } from '../../../../runtime-bootstrap/protocol/standby-command.ts'
import type { FoundRuntime } from '../../driver/found-runtime.ts'
import { defaultVariables, temporaryVariables, type EnvironmentFolders } from '../../driver/variables.ts'
import { startCommand } from './start-command.ts'

/**
 * What a supervisor is started with, so that a runtime waits in it until it is a function's; nothing where none can. Functions
 * whose own variables or libraries count at a start have theirs started (`standby.ts` of the supervisor).
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
