import { invalidParameterValue, kinds, LambdaError } from '../../errors.ts'
import { attach, attachedTo, detach } from '../function/attachment.ts'
import type { ScalingBounds } from '../function/attached-settings.ts'
import { isSwitchedOff } from './scaling.ts'
import { isManaged, type FunctionRecord, type FunctionVersion } from '../function/function.ts'
import type { RecordChange } from '../catalogue/record-change.ts'
import { pending, withoutActivation } from '../function/version-state.ts'

/** Errors of scaling configs; all texts but the first, which is AWS's, are ours. */
const scalingErrors = {
  notManaged: () =>
    new LambdaError(
      kinds.accessDenied,
      'The function provided by the arn does not contain a capacity provider configuration',
      {},
    ),
  minimumAboveMaximum: () =>
    invalidParameterValue('MinExecutionEnvironments must not be greater than MaxExecutionEnvironments.'),
  minimumAlone: () =>
    invalidParameterValue('MinExecutionEnvironments can be 0 only together with MaxExecutionEnvironments.'),
}

/** Refuses functions that are not on a capacity provider. */
export function requireManaged(record: FunctionRecord): void {
  if (!isManaged(record)) throw scalingErrors.notManaged()
}

/** The record with other bounds of a version, which may deactivate or reactivate it. */
export function putScaling(
  record: FunctionRecord,
  version: FunctionVersion,
  asked: Omit<ScalingBounds, 'before'>,
): RecordChange & { readonly version: FunctionVersion } {
  requireManaged(record)
  checkBounds(asked)
  const { before: _older, ...before } = attachedTo(record, 'scaling', version.version) ?? {}
  const next =
    Object.keys(asked).length === 0
      ? detach(record, 'scaling', version.version)
      : attach(record, 'scaling', version.version, { ...asked, before })
  return withState(next, version)
}

function withState(record: FunctionRecord, version: FunctionVersion) {
  const isOff = isSwitchedOff(record, version.version)
  if (isOff && version.state !== 'Failed') {
    const { serving: _replaced, stateReason: _s, stateReasonCode: _sc, ...rest } = version
    const { updateReason: _u, updateReasonCode: _uc, ...clean } = rest
    const off = { ...clean, state: 'Deactivated', updateStatus: 'Successful' } as const
    return { record: withoutActivation(record, version.version), versions: [off], version: off }
  }
  if (isOff || version.state !== 'Deactivated') return { record, version }
  const { updateStatus: _status, ...rest } = version
  const begun = pending(rest)
  const activating = { ...record.activating, [version.version]: version.generation }
  return { record: { ...record, activating }, versions: [begun], version: begun }
}

function checkBounds({ minimumEnvironments, maximumEnvironments }: ScalingBounds): void {
  if (minimumEnvironments === undefined) return
  if (maximumEnvironments !== undefined && minimumEnvironments > maximumEnvironments) {
    throw scalingErrors.minimumAboveMaximum()
  }
  if (minimumEnvironments === 0 && maximumEnvironments !== 0) throw scalingErrors.minimumAlone()
}
