/** How far a version of a function is: what marks it as not ready, and what is under way. */
import type { FunctionRecord, FunctionVersion } from './function.ts'

const creating = { reason: 'The function is being created.', code: 'Creating' }

/** The version marked as one that is not ready yet. */
export function pending(version: FunctionVersion): FunctionVersion {
  return { ...version, state: 'Pending', stateReason: creating.reason, stateReasonCode: creating.code }
}

/** The version as one that goes on running what it ran before, until the new one is ready. */
export function updating(version: FunctionVersion): FunctionVersion {
  return { ...version, updateStatus: 'InProgress', updateReason: creating.reason, updateReasonCode: creating.code }
}

/** Whether a create or update of this version still has to be completed. */
export function isUnderWay(version: FunctionVersion): boolean {
  return version.state === 'Pending' || version.updateStatus === 'InProgress'
}

/** Whether anything of the function still has to be completed. */
export function isDeploying({ latest, activating }: FunctionRecord): boolean {
  return isUnderWay(latest) || activating !== undefined
}

/** The record with nothing of the version to be initialised any more. */
export function withoutActivation(record: FunctionRecord, version: string): FunctionRecord {
  const { activating: { [version]: _done, ...others } = {}, ...rest } = record
  return Object.keys(others).length === 0 ? rest : { ...rest, activating: others }
}
