import { kinds, LambdaError } from '../errors.ts'
import { partitionOf, type Home } from './arn.ts'
import { nameErrors } from './function-errors.ts'

/** A set of machines that functions may run on; kept and shown, since no function of this server runs on one. */
export interface CapacityProvider {
  readonly name: string
  readonly subnetIds: readonly string[]
  readonly securityGroupIds: readonly string[]
  readonly operatorRoleArn: string
  readonly requirements?: InstanceRequirements
  readonly scaling?: CapacityScaling
  readonly kmsKeyArn?: string
  /** Epoch milliseconds. */
  readonly lastModifiedMs: number
  readonly tags: Readonly<Record<string, string>>
}

export interface InstanceRequirements {
  readonly architectures?: readonly string[]
  readonly allowedTypes?: readonly string[]
  readonly excludedTypes?: readonly string[]
}

export interface CapacityScaling {
  readonly maximumVcpus?: number
  readonly mode?: string
  readonly policies?: readonly { readonly metric: string; readonly target: number }[]
}

/** `arn:aws:lambda:REGION:ACCOUNT:capacity-provider:NAME`. */
export function capacityProviderArn(home: Home, name: string): string {
  return `arn:${partitionOf(home.region)}:lambda:${home.region}:${home.accountId}:capacity-provider:${name}`
}

/** The name in a name or an ARN; an ARN of another account is access denied, and nothing of another region is here. */
export function capacityProviderName(text: string, home: Home): string {
  if (!text.includes(':')) return text
  const [, , , region, accountId, , name = ''] = text.split(':')
  if (accountId !== home.accountId) throw nameErrors.otherAccount()
  if (region !== home.region) throw capacityProviderErrors.notFound(text)
  return name
}

/** Capacity providers that are not there, or are there already; the second text is ours. */
export const capacityProviderErrors = {
  notFound: (arn: string) => new LambdaError(kinds.resourceNotFound, `Capacity provider not found: ${arn}`),
  exists: (arn: string) => new LambdaError(kinds.resourceConflict, `Capacity provider already exists: ${arn}`),
}
