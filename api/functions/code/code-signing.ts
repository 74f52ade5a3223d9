import { kinds, LambdaError } from '../../errors.ts'
import { partitionOf, type Home } from '../function/arn.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { changeDocument } from '../catalogue/document-change.ts'
import type { DocumentKey, Documents } from '../catalogue/documents.ts'
import type { FunctionRecord } from '../function/function.ts'

/** The signing profiles that are allowed, and what happens to code that they did not sign. */
export interface CodeSigningConfig {
  readonly id: string
  readonly description: string
  readonly publishers: readonly string[]
  readonly onUntrusted: 'Warn' | 'Enforce'
  readonly lastModifiedMs: number
  readonly tags: Readonly<Record<string, string>>
}

/** Errors of code signing (reference 2.11). */
export const codeSigningErrors = {
  unknown: (arn: string) =>
    new LambdaError(kinds.resourceNotFound, `The Lambda code signing configuration ${arn} can not be found.`, {}),
  notFound: (arn: string) =>
    new LambdaError(
      kinds.codeSigningConfigNotFound,
      'The code signing configuration cannot be found. ' +
        `Check that the provided configuration is not deleted: ${arn}.`,
    ),
  attached: () =>
    new LambdaError(
      kinds.resourceConflict,
      'Cannot delete this code signing configuration because one or more functions are using it.',
    ),
  untrusted: (name: string) =>
    new LambdaError(
      kinds.codeVerificationFailed,
      'Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is ' +
        `not configured to accept. Check the provided signature for ${name}.`,
    ),
}

/** The ARN of a configuration. */
export function codeSigningArn({ accountId, region }: Home, id: string): string {
  return `arn:${partitionOf(region)}:lambda:${region}:${accountId}:code-signing-config:${id}`
}

/** The key of a configuration's document; undefined for ARNs of other accounts and regions. */
export function codeSigningKey(home: Home, arn: string): DocumentKey {
  const id = arn.split(':')[6] ?? ''
  return { kind: 'code-signing-config', id: arn === codeSigningArn(home, id) ? id : '' }
}

/**
 * Refuses code for a function whose configuration enforces signatures: this server cannot verify them, so none is trusted.
 */
export async function checkSignature(
  { documents, ...home }: Home & { readonly documents: Pick<Documents, 'find'> },
  { name, codeSigningConfigArn: arn }: Pick<FunctionRecord, 'name' | 'codeSigningConfigArn'>,
): Promise<void> {
  if (arn === undefined) return
  const config = (await documents.find<CodeSigningConfig>(codeSigningKey(home, arn)))?.value
  if (config === undefined) throw codeSigningErrors.notFound(arn)
  if (config.onUntrusted === 'Enforce') throw codeSigningErrors.untrusted(name)
}

/**
 * Marks a configuration as changed, once a function that uses it is saved. A concurrent removal, which checked for functions
 * before, then fails and checks again. False when the configuration was removed already.
 */
export async function touchConfig({ documents, ...home }: Home & { readonly documents: Documents }, arn: string) {
  const key = codeSigningKey(home, arn)
  return (await changeDocument<CodeSigningConfig>(documents, key, (config) => config && { ...config })) !== undefined
}

/** Removes a configuration that no function uses. */
export async function removeConfig(
  dependencies: Home & { readonly documents: Documents; readonly catalogue: Pick<Catalogue, 'list'> },
  arn: string,
): Promise<void> {
  const { documents, catalogue } = dependencies
  const key = codeSigningKey(dependencies, arn)
  let isRemoved = false
  while (!isRemoved) {
    const stored = await documents.find(key)
    if (stored === undefined) throw codeSigningErrors.unknown(arn)
    const { value: holder } = await functionsWith(catalogue, arn).next()
    if (holder !== undefined) throw codeSigningErrors.attached()
    isRemoved = await documents.remove(key, stored.revision)
  }
}

const pageSize = 100

/** Names of the functions that use a configuration, in byte order, after the given one. */
export async function* functionsWith(
  catalogue: Pick<Catalogue, 'list'>,
  arn: string,
  start?: string,
): AsyncGenerator<string, undefined, undefined> {
  let after = start
  for (;;) {
    const page = await catalogue.list({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    for (const { name, codeSigningConfigArn } of page) if (codeSigningConfigArn === arn) yield name
    after = page.at(-1)?.name
    if (page.length < pageSize) return undefined
  }
}
