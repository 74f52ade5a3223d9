import { attachedTo } from '../function/attachment.ts'
import type { ScalingBounds } from '../function/attached-settings.ts'
import type { FunctionRecord } from '../function/function.ts'

/** The minimum and maximum of environments of a version. */
export interface EffectiveBounds {
  readonly minimum: number
  readonly maximum?: number
}

const defaultMinimum = 3

/** The requested bounds, AWS's defaults filled in. */
export function boundsOf(asked: ScalingBounds | undefined): EffectiveBounds {
  const { maximumEnvironments: maximum, minimumEnvironments } = asked ?? {}
  const minimum = minimumEnvironments ?? Math.min(defaultMinimum, maximum ?? defaultMinimum)
  return maximum === undefined ? { minimum } : { minimum, maximum }
}

/** The effective bounds of a published version. */
export function scalingOf(record: FunctionRecord, version: string): EffectiveBounds {
  return boundsOf(attachedTo(record, 'scaling', version))
}

/** Whether the version is scaled to zero. */
export function isSwitchedOff(record: FunctionRecord, version: string): boolean {
  return scalingOf(record, version).maximum === 0
}
