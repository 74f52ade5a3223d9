import { createHash } from 'node:crypto'
import { invalidParameterValue } from '../../errors.ts'
import { partitionOf } from '../function/arn.ts'

/** Supported runtimes, in the order in which AWS prints them. */
const printedRuntimes = [
  ...['nodejs20.x', 'python3.14', 'provided.al2023', 'python3.12', 'python3.13', 'nodejs24.x', 'nodejs22.x', 'java25'],
  ...['python3.10', 'python3.11', 'java21', 'ruby3.3', 'ruby3.4', 'ruby3.2', 'python3.8', 'python3.9', 'java17'],
  ...['nodejs16.x', 'dotnet10', 'dotnet8', 'java11', 'dotnet6', 'nodejs18.x', 'provided.al2', 'java8.al2'],
]
/** Runtimes that AWS added since the recording of that order: supported, but not printed. */
const newerRuntimes = ['nodejs26.x', 'python3.15', 'ruby4.0', 'java8.al2023', 'java11.al2023', 'java17.al2023']
const supported = new Set([...printedRuntimes, ...newerRuntimes])

const deprecated = new Set([
  ...['nodejs', 'nodejs4.3', 'nodejs4.3-edge', 'nodejs6.10', 'nodejs8.10', 'nodejs10.x', 'nodejs12.x', 'nodejs14.x'],
  ...['python2.7', 'python3.6', 'python3.7', 'ruby2.5', 'ruby2.7', 'java8', 'go1.x', 'provided'],
  ...['dotnetcore1.0', 'dotnetcore2.0', 'dotnetcore2.1', 'dotnetcore3.1'],
])

/** Refuses runtimes that AWS no longer supports, and unknown ones (reference 1.5). */
export function checkRuntime(runtime: string): void {
  if (supported.has(runtime)) return
  if (deprecated.has(runtime)) {
    throw invalidParameterValue(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. ` +
        'We recommend you use a supported runtime while creating or updating functions.',
    )
  }
  throw invalidParameterValue(
    `Value ${runtime} at 'runtime' failed to satisfy constraint: ` +
      `Member must satisfy enum value set: [${printedRuntimes.join(', ')}] or be a valid ARN`,
  )
}

/** Errors of runtime management configs; the text is ours, AWS's is not known. */
export const runtimeManagementErrors = {
  noRuntimeVersion: () => invalidParameterValue('RuntimeVersionArn is required when UpdateRuntimeOn is set to Manual.'),
  runtimeVersionNotManual: () =>
    invalidParameterValue('RuntimeVersionArn can only be set when UpdateRuntimeOn is set to Manual.'),
}

/** The ARN of a runtime's patch version: always the same for the same runtime. */
export function runtimeVersionArn(region: string, runtime: string): string {
  const digest = createHash('sha256').update(`kubelambda runtime ${runtime}`).digest('hex')
  return `arn:${partitionOf(region)}:lambda:${region}::runtime:${digest}`
}
