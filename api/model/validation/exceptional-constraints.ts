import { invalidParameterValue } from '../../errors.ts'
import { shapeOf } from '../operations.ts'
import type { OperationName } from '../operations.ts'
import { newerRuntimes, supportedRuntimes } from './recorded-constraints.ts'

const longestName = 64

/**
 * Checks the constraints whose violation is an `InvalidParameterValueException` on AWS, once all others are satisfied
 * (reference 1.5).
 */
export function refuseUnsupported(operation: OperationName, input: Readonly<Record<string, unknown>>): void {
  if (operation !== 'CreateFunction' && operation !== 'UpdateFunctionConfiguration') return
  const { FunctionName: name, Runtime: runtime } = input
  if (operation === 'CreateFunction' && typeof name === 'string') refuseLongName(name)
  if (typeof runtime === 'string') refuseRuntime(runtime)
}

function refuseLongName(reference: string): void {
  const name = /^(?:.*:)?function:([^:]+)/.exec(reference)?.[1] ?? reference.split(':')[0] ?? reference
  if (name.length <= longestName) return
  throw invalidParameterValue(
    `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: ` +
      `Member must have length less than or equal to ${String(longestName)}`,
  )
}

function refuseRuntime(runtime: string): void {
  if (supportedRuntimes.includes(runtime) || newerRuntimes.includes(runtime)) return
  const model = shapeOf('Runtime')
  const wasSupported = 'enum' in model && model.enum.includes(runtime)
  throw invalidParameterValue(wasSupported ? deprecated(runtime) : unknown(runtime))
}

function deprecated(runtime: string): string {
  return (
    `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. ` +
    'We recommend you use a supported runtime while creating or updating functions.'
  )
}

function unknown(runtime: string): string {
  const set = supportedRuntimes.join(', ')
  return (
    `Value ${runtime} at 'runtime' failed to satisfy constraint: ` +
    `Member must satisfy enum value set: [${set}] or be a valid ARN`
  )
}
