import { attachedTo } from '../function/attachment.ts'
import type { ScalingBounds } from '../function/attached-settings.ts'
import type { FunctionRecord } from '../function/function.ts'

/** How many environments of a version are kept, and how many there may be. */
export interface EffectiveBounds {
  readonly minimum: number
  readonly maximum?: number
}

const defaultMinimum = 3

/** The bounds that were asked for, AWS's defaults filled in. */
export function boundsOf(asked: ScalingBounds | undefined): EffectiveBounds {
  const { maximumEnvironments: maximum, minimumEnvironments } = asked ?? {}
  const minimum = minimumEnvironments ?? Math.min(defaultMinimum, maximum ?? defaultMinimum)
  return maximum === undefined ? { minimum } : { minimum, maximum }
}

/** The bounds that hold for a published version. */
export function scalingOf(record: FunctionRecord, version: string): EffectiveBounds {
  return boundsOf(attachedTo(record, 'scaling', version))
}

/** Whether the version shall have no environments at all. */
export function isSwitchedOff(record: FunctionRecord, version: string): boolean {
  return scalingOf(record, version).maximum === 0
}
