import { kinds, LambdaError, validation } from '../../errors.ts'
import { functionArn, type Home } from '../function/arn.ts'
import { allAttached, attach, attachedTo } from '../function/attachment.ts'
import type { CorsConfig, FunctionUrlConfig } from '../function/attached-settings.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Documents } from '../catalogue/documents.ts'
import { nameErrors } from '../function/errors.ts'
import { latestVersion, type FunctionRecord } from '../function/function.ts'

/** Errors of function URL configs (reference 1.7, 9.1). */
export const functionUrlErrors = {
  noFunction: () => new LambdaError(kinds.resourceNotFound, 'Function does not exist'),
  notFound: nameErrors.resourceNotFound,
  exists: (arn: string) =>
    new LambdaError(
      kinds.resourceConflict,
      `Failed to create function url config for [functionArn = ${arn}]. ` +
        'Error message:  FunctionUrlConfig exists for this Lambda function',
    ),
  /** A version cannot have a URL. */
  notAnAlias: (qualifier: string) =>
    validation([
      `Value '${qualifier}' at 'qualifier' failed to satisfy constraint: ` +
        String.raw`Member must satisfy regular expression pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)`,
    ]),
}

/** The settings of a function URL in a request; absent members stay as they are. */
export interface FunctionUrlChange {
  readonly authType?: FunctionUrlConfig['authType'] | undefined
  /** An empty one removes the setting. */
  readonly cors?: CorsConfig | undefined
  readonly invokeMode?: FunctionUrlConfig['invokeMode'] | undefined
}

/** The record with a function URL of its `$LATEST` or of an alias; 409 when there is one (reference 9.1). */
export function createFunctionUrl(
  record: FunctionRecord,
  alias: string | undefined,
  { urlId, authType = 'NONE', cors, invokeMode = 'BUFFERED' }: FunctionUrlChange & { readonly urlId: string },
  nowMs: number,
  home: Home,
): FunctionRecord {
  if (alias !== undefined && !Object.hasOwn(record.aliases, alias)) throw functionUrlErrors.noFunction()
  const qualifier = alias ?? latestVersion
  if (attachedTo(record, 'url', qualifier) !== undefined) {
    throw functionUrlErrors.exists(functionArn(home, record.name, alias))
  }
  const dates = { createdMs: nowMs, lastModifiedMs: nowMs }
  return attach(record, 'url', qualifier, { urlId, authType, ...corsMember(cors), invokeMode, ...dates })
}

/** The record with the function URL changed; 404 when there is none. */
export function updateFunctionUrl(
  record: FunctionRecord,
  alias: string | undefined,
  { authType, cors, invokeMode }: FunctionUrlChange,
  nowMs: number,
): FunctionRecord {
  const { cors: currentCors, ...current } = functionUrlOf(record, alias)
  return attach(record, 'url', alias ?? latestVersion, {
    ...current,
    ...(authType === undefined ? {} : { authType }),
    ...(invokeMode === undefined ? {} : { invokeMode }),
    ...corsMember(cors ?? currentCors),
    lastModifiedMs: nowMs,
  })
}

/** The function URL of `$LATEST` or of an alias; 404 when there is none. */
export function functionUrlOf(record: FunctionRecord, alias: string | undefined): FunctionUrlConfig {
  const config = attachedTo(record, 'url', alias ?? latestVersion)
  if (config === undefined) throw functionUrlErrors.notFound()
  return config
}

/** The target of a URL's id. Stored apart from the function, whose record alone decides whether the URL exists. */
export interface FunctionUrlTarget {
  readonly functionName: string
  readonly alias?: string
}

/** A function URL that exists. */
export interface FoundFunctionUrl {
  readonly target: FunctionUrlTarget
  readonly config: FunctionUrlConfig
  readonly record: FunctionRecord
}

/** The function URL with this id, unless it or its function was deleted; `closed` if its alias was. */
export async function findFunctionUrl(
  { catalogue, documents }: { catalogue: Pick<Catalogue, 'find'>; documents: Pick<Documents, 'find'> },
  urlId: string,
): Promise<FoundFunctionUrl | 'closed' | undefined> {
  const target = (await documents.find<FunctionUrlTarget>(urlKey(urlId)))?.value
  const record = target && (await catalogue.find(target.functionName))?.value
  const config = record && attachedTo(record, 'url', target.alias ?? latestVersion)
  if (target === undefined || record === undefined) return undefined
  if (config?.urlId !== urlId) return record.closedUrls?.includes(urlId) === true ? 'closed' : undefined
  return { target, config, record }
}

/** Removes the ids of URLs that the function no longer has. Until then they lead nowhere. */
export async function forgetUrls(
  documents: Pick<Documents, 'find' | 'remove'>,
  before: FunctionRecord,
  after: FunctionRecord | undefined,
): Promise<void> {
  if (before.attached?.url === after?.attached?.url && before.closedUrls === after?.closedUrls) return
  const kept = new Set(after && urlIdsOf(after))
  for (const urlId of urlIdsOf(before)) if (!kept.has(urlId)) await forgetUrl(documents, urlId)
}

function urlIdsOf(record: FunctionRecord): string[] {
  return [...allAttached(record, 'url').map(([, { urlId }]) => urlId), ...(record.closedUrls ?? [])]
}

/** Removes the target of a URL's id. */
export async function forgetUrl(documents: Pick<Documents, 'find' | 'remove'>, urlId: string): Promise<void> {
  const stored = await documents.find(urlKey(urlId))
  if (stored !== undefined) await documents.remove(urlKey(urlId), stored.revision)
}

/** The key of the document with a URL id's target. */
export function urlKey(urlId: string) {
  return { kind: 'function-url', id: urlId } as const
}

function corsMember(cors: CorsConfig | undefined): { cors?: CorsConfig } {
  return cors === undefined || Object.keys(cors).length === 0 ? {} : { cors }
}
