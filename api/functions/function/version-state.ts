/** The deployment state of a function's versions. */
import type { FunctionRecord, FunctionVersion } from './function.ts'

const creating = { reason: 'The function is being created.', code: 'Creating' }

/** The version, marked as pending. */
export function pending(version: FunctionVersion): FunctionVersion {
  return { ...version, state: 'Pending', stateReason: creating.reason, stateReasonCode: creating.code }
}

/** The version, marked as updating: it runs the previous code until the new one is ready. */
export function updating(version: FunctionVersion): FunctionVersion {
  return { ...version, updateStatus: 'InProgress', updateReason: creating.reason, updateReasonCode: creating.code }
}

/** Whether a create or update of this version is incomplete. */
export function isUnderWay(version: FunctionVersion): boolean {
  return version.state === 'Pending' || version.updateStatus === 'InProgress'
}

/** Whether any deployment of the function is incomplete. */
export function isDeploying({ latest, activating }: FunctionRecord): boolean {
  return isUnderWay(latest) || activating !== undefined
}

/** The record without the pending initialisation of the version. */
export function withoutActivation(record: FunctionRecord, version: string): FunctionRecord {
  const { activating: { [version]: _done, ...others } = {}, ...rest } = record
  return Object.keys(others).length === 0 ? rest : { ...rest, activating: others }
}
