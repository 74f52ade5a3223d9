import { invalidParameterValue, kinds, LambdaError } from '../../errors.ts'
import { partitionOf, type Home } from '../function/arn.ts'
import type { PolicyStatement } from '../function/attached-settings.ts'
import { nameErrors } from '../function/errors.ts'
import type { LayerCode } from '../function/function.ts'

/** A published version of a layer; only its policy ever changes. */
export interface LayerVersion {
  readonly name: string
  readonly version: number
  readonly description: string
  readonly createdMs: number
  readonly code: LayerCode
  readonly runtimes: readonly string[]
  readonly architectures: readonly string[]
  /** The lists that the publication did not have: empty here, and left out where the version is shown. */
  readonly absentLists?: readonly ('runtimes' | 'architectures')[]
  readonly licenseInfo?: string
  readonly policy?: LayerPolicy
}

export interface LayerPolicy {
  readonly revisionId: string
  readonly statements: readonly PolicyStatement[]
}

/** The ARN of a layer, or of one version of it. */
export function layerArn(home: Home, name: string, version?: number): string {
  const arn = `arn:${partitionOf(home.region)}:lambda:${home.region}:${home.accountId}:layer:${name}`
  return version === undefined ? arn : `${arn}:${version}`
}

/** The parts of a layer version's ARN. */
export function parseLayerVersionArn(arn: string): Home & { readonly name: string; readonly version: number } {
  const [, , , region = '', accountId = '', , name = '', version] = arn.split(':')
  return { region, accountId, name, version: Number(version) }
}

/** The layer's name in a name or ARN; layers of other accounts are not stored here. */
export function parseLayerName(text: string, home: Home): string {
  if (!text.startsWith('arn:')) return text
  const [, , , region, accountId, , name = ''] = text.split(':')
  if (region !== home.region) throw nameErrors.resourceNotFound()
  if (accountId !== home.accountId) throw nameErrors.otherAccount()
  return name
}

/** Errors of layers (reference 2.9). */
export const layerErrors = {
  versionTooLow: () => invalidParameterValue('Layer Version Cannot be less than 1'),
  versionUnknown: (arn: string) => new LambdaError(kinds.resourceNotFound, `Layer version ${arn} does not exist.`),
}
