import type { Assignment } from '../../../runtime-bootstrap/protocol/protocol.ts'
import type { EnvironmentSpec } from './driver.ts'
import { initTimeoutOf } from './init-timeout.ts'
import { runtimeVersionOf } from './runtime-family.ts'
import { runtimeVariables, type EnvironmentFolders } from './variables.ts'

/** What the driver adds to the spec for an assignment. */
export interface AssignmentSurroundings {
  readonly accountId: string
  readonly region: string
  readonly runtime: Parameters<typeof runtimeVariables>[1]
  readonly folders: EnvironmentFolders
  /** The command that starts the runtime. */
  readonly command: readonly string[]
}

/** The assignment of an environment, the same for all drivers. */
export function assignmentOf(spec: EnvironmentSpec, surroundings: AssignmentSurroundings): Assignment {
  const { accountId, region, runtime, folders, command } = surroundings
  const { logLevels } = spec
  const runtimeVersion = runtimeVersionOf(runtime, region)
  return {
    functionName: spec.functionName,
    functionVersion: spec.version,
    handler: spec.handler,
    accountId,
    memoryMb: spec.memoryMb,
    timeoutMs: spec.timeoutMs,
    initTimeoutMs: initTimeoutOf(spec),
    runtimeVersion: runtimeVersion.version,
    runtimeVersionArn: runtimeVersion.arn,
    codeFolder: folders.taskRoot,
    command: [...command],
    ...(logLevels && { logging: { applicationLevel: logLevels.application, systemLevel: logLevels.system } }),
    variables: runtimeVariables(spec, runtime, folders, { region, now: new Date() }),
  }
}
