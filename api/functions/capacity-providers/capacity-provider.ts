import { kinds, LambdaError } from '../../errors.ts'
import { partitionOf, type Home } from '../function/arn.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { changeDocument } from '../catalogue/document-change.ts'
import type { DocumentKey, Documents } from '../catalogue/documents.ts'
import { nameErrors } from '../function/errors.ts'
import type { FunctionSettings } from '../function/function.ts'
import { capacityErrors } from './managed-instances.ts'

/** A set of instances that functions run on; here it only names some of this server's environments. */
export interface CapacityProvider {
  readonly name: string
  readonly subnetIds: readonly string[]
  readonly securityGroupIds: readonly string[]
  readonly operatorRoleArn: string
  readonly requirements?: InstanceRequirements
  readonly scaling?: CapacityScaling
  readonly kmsKeyArn?: string
  /** As requested; there are no machines that would be tagged or write logs. */
  readonly propagateTags?: { readonly mode?: string; readonly tags?: Readonly<Record<string, string>> }
  readonly telemetry?: { readonly systemLogLevel?: string; readonly logGroup?: string }
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

/** The name in a name or an ARN. An ARN of another account is access denied, one of another region is not found. */
export function capacityProviderName(text: string, home: Home): string {
  if (!text.includes(':')) return text
  const [, , , region, accountId, , name = ''] = text.split(':')
  if (accountId !== home.accountId) throw nameErrors.otherAccount()
  if (region !== home.region) throw capacityProviderErrors.notFound(text)
  return name
}

/** Errors of capacity providers; all texts but the first are ours. */
export const capacityProviderErrors = {
  notFound: (arn: string) => new LambdaError(kinds.resourceNotFound, `Capacity provider not found: ${arn}`),
  exists: (arn: string) => new LambdaError(kinds.resourceConflict, `Capacity provider already exists: ${arn}`),
  inUse: () =>
    new LambdaError(
      kinds.resourceConflict,
      'Cannot delete this capacity provider because one or more function versions are using it.',
    ),
}

/** The key of the provider's document. */
export function capacityProviderKey(name: string): DocumentKey {
  return { kind: 'capacity-provider', id: name }
}

/** Refuses settings with a provider that does not exist, or that has another architecture. */
export async function checkProvider(
  { documents, ...home }: Home & { readonly documents: Pick<Documents, 'find'> },
  { capacityProvider: capacity, architectures }: FunctionSettings,
): Promise<void> {
  if (capacity === undefined) return
  const { arn } = capacity
  const provider = (await documents.find<CapacityProvider>(capacityProviderKey(capacityProviderName(arn, home))))?.value
  if (provider === undefined) throw capacityProviderErrors.notFound(arn)
  const offered = provider.requirements?.architectures ?? ['x86_64']
  const missing = architectures.find((architecture) => !offered.includes(architecture))
  if (missing !== undefined) throw capacityErrors.architecture(missing, arn)
}

/**
 * Marks the provider as changed, once a function that uses it is saved. A concurrent removal, which checked for functions
 * before, then fails and checks again. False when the provider was removed already.
 */
export async function touchProvider({ documents, ...home }: Home & { readonly documents: Documents }, arn: string) {
  const key = capacityProviderKey(capacityProviderName(arn, home))
  return (await changeDocument<CapacityProvider>(documents, key, (found) => found && { ...found })) !== undefined
}

/** Removes a provider that no function uses, and returns it. */
export async function removeProvider(
  dependencies: Home & { readonly documents: Documents; readonly catalogue: Pick<Catalogue, 'onCapacityProvider'> },
  name: string,
): Promise<CapacityProvider> {
  const { documents, catalogue } = dependencies
  const key = capacityProviderKey(name)
  for (;;) {
    const stored = await documents.find<CapacityProvider>(key)
    if (stored === undefined) throw capacityProviderErrors.notFound(capacityProviderArn(dependencies, name))
    if ((await catalogue.onCapacityProvider(name, { limit: 1 })).length > 0) throw capacityProviderErrors.inUse()
    if (await documents.remove(key, stored.revision)) return stored.value
  }
}
