import { functionArn, type Home } from '../../functions/function/arn.ts'
import { allAttached, detach } from '../../functions/function/attachment.ts'
import type { CorsConfig, FunctionUrlConfig } from '../../functions/function/attached-settings.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { parseFunctionName } from '../../functions/function/name.ts'
import { latestVersion, type FunctionRecord } from '../../functions/function/function.ts'
import {
  createFunctionUrl,
  forgetUrl,
  functionUrlErrors,
  functionUrlOf,
  updateFunctionUrl,
  urlKey,
  type FunctionUrlChange,
  type FunctionUrlTarget,
} from '../../functions/function-urls/function-url.ts'
import type { Lifecycle } from '../../functions/lifecycle.ts'
import { functionUrlAt, type UrlAddressSettings } from './url-address.ts'
import type { QualifiedMembers } from '../functions/functions.ts'
import type { Handlers, Output, RequestContext } from '../http/handler.ts'
import { keyBefore, pageLimit, pageOf, type PageMembers } from '../http/page.ts'

export interface FunctionUrlRoutesDependencies extends Home, UrlAddressSettings {
  readonly catalogue: Pick<Catalogue, 'find'>
  readonly documents: Pick<Documents, 'find' | 'save' | 'remove'>
  readonly lifecycle: Pick<Lifecycle, 'change'>
  readonly newId: () => string
  /** Epoch milliseconds. */
  readonly now: () => number
}

interface UrlMembers extends QualifiedMembers {
  readonly AuthType?: FunctionUrlConfig['authType']
  readonly InvokeMode?: FunctionUrlConfig['invokeMode']
  readonly Cors?: CorsMembers
}

interface CorsMembers {
  readonly AllowCredentials?: boolean
  readonly AllowHeaders?: readonly string[]
  readonly AllowMethods?: readonly string[]
  readonly AllowOrigins?: readonly string[]
  readonly ExposeHeaders?: readonly string[]
  readonly MaxAge?: number
}

/** Function URL configs: created, shown, changed, listed and deleted. */
export function functionUrlRoutes(dependencies: FunctionUrlRoutesDependencies): Handlers {
  const { catalogue, lifecycle, now } = dependencies
  const recordOf = async (name: string, missing: () => Error) => {
    const record = (await catalogue.find(name))?.value
    if (record === undefined) throw missing()
    return record
  }
  const show = (record: FunctionRecord, alias: string | undefined, { baseUrl }: RequestContext) =>
    urlOutput(dependencies, record.name, alias, functionUrlOf(record, alias), baseUrl)

  return {
    async CreateFunctionUrlConfig(input: UrlMembers, context: RequestContext) {
      const { name, alias } = targetIn(input, dependencies)
      await recordOf(name, functionUrlErrors.noFunction)
      const record = await create(dependencies, name, alias, changeIn(input))
      const { LastModifiedTime: _modified, InvokeMode: _mode, ...output } = show(record, alias, context)
      return { ...output, InvokeMode: input.InvokeMode }
    },

    async UpdateFunctionUrlConfig(input: UrlMembers, context: RequestContext) {
      const { name, alias } = targetIn(input, dependencies)
      await recordOf(name, functionUrlErrors.noFunction)
      const change = changeIn(input)
      const { record } = await lifecycle.change(name, (current) => ({
        record: updateFunctionUrl(current, alias, change, now()),
      }))
      return { ...show(record, alias, context), InvokeMode: input.InvokeMode }
    },

    async GetFunctionUrlConfig(input: QualifiedMembers, context: RequestContext) {
      const { name, alias } = targetIn(input, dependencies)
      return show(await recordOf(name, functionUrlErrors.notFound), alias, context)
    },

    async DeleteFunctionUrlConfig(input: QualifiedMembers) {
      const { name, alias } = targetIn(input, dependencies)
      const { urlId } = functionUrlOf(await recordOf(name, functionUrlErrors.notFound), alias)
      await lifecycle.change(name, (record) => {
        if (functionUrlOf(record, alias).urlId !== urlId) return { record }
        return { record: detach(record, 'url', alias ?? latestVersion) }
      })
      return {}
    },

    async ListFunctionUrlConfigs(input: PageMembers & { readonly FunctionName: string }, { baseUrl }: RequestContext) {
      const { name } = targetIn(input, dependencies)
      const [limit, before] = [pageLimit(input), keyBefore(input)]
      const configs = allAttached(await recordOf(name, functionUrlErrors.noFunction), 'url')
      const rest = configs.filter(([qualifier]) => before === undefined || qualifier > before)
      const { items, nextMarker } = pageOf(rest, limit, ([qualifier]) => qualifier)
      const shown = items.map(([qualifier, config]) =>
        urlOutput(dependencies, name, qualifier === latestVersion ? undefined : qualifier, config, baseUrl),
      )
      return { FunctionUrlConfigs: shown, NextMarker: nextMarker }
    },
  }
}

/** Stores the target of the id before the function has the URL: a crash in between leaves an id without effect. */
async function create(
  dependencies: FunctionUrlRoutesDependencies,
  name: string,
  alias: string | undefined,
  change: FunctionUrlChange,
): Promise<FunctionRecord> {
  const { documents, lifecycle, newId, now } = dependencies
  const urlId = newId().replaceAll('-', '')
  const target: FunctionUrlTarget = { functionName: name, ...(alias === undefined ? {} : { alias }) }
  await documents.save(urlKey(urlId), target, 0)
  try {
    const rule = (record: FunctionRecord) => createFunctionUrl(record, alias, { ...change, urlId }, now(), dependencies)
    return (await lifecycle.change(name, (record) => ({ record: rule(record) }))).record
  } catch (refusal) {
    await forgetUrl(documents, urlId)
    throw refusal
  }
}

function targetIn({ FunctionName, Qualifier }: QualifiedMembers, home: Home) {
  const { name, qualifier } = parseFunctionName(FunctionName, Qualifier, home)
  if (qualifier !== undefined && /^\d+$/.test(qualifier)) throw functionUrlErrors.notAnAlias(qualifier)
  return { name, alias: qualifier === latestVersion ? undefined : qualifier }
}

function changeIn({ AuthType, InvokeMode, Cors }: UrlMembers): FunctionUrlChange {
  return { authType: AuthType, invokeMode: InvokeMode, cors: Cors && corsIn(Cors) }
}

function corsIn(cors: CorsMembers): CorsConfig {
  const members = {
    allowCredentials: cors.AllowCredentials,
    allowHeaders: cors.AllowHeaders,
    allowMethods: cors.AllowMethods,
    allowOrigins: cors.AllowOrigins,
    exposeHeaders: cors.ExposeHeaders,
    maxAgeSeconds: cors.MaxAge,
  }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

function urlOutput(
  home: Home & UrlAddressSettings,
  name: string,
  alias: string | undefined,
  { urlId, authType, cors, invokeMode, createdMs, lastModifiedMs }: FunctionUrlConfig,
  baseUrl: string,
): Output {
  return {
    FunctionUrl: functionUrlAt(urlId, home, baseUrl),
    FunctionArn: functionArn(home, name, alias),
    AuthType: authType,
    Cors: cors && {
      AllowCredentials: cors.allowCredentials,
      AllowHeaders: cors.allowHeaders,
      AllowMethods: cors.allowMethods,
      AllowOrigins: cors.allowOrigins,
      ExposeHeaders: cors.exposeHeaders,
      MaxAge: cors.maxAgeSeconds,
    },
    CreationTime: new Date(createdMs).toISOString(),
    LastModifiedTime: new Date(lastModifiedMs).toISOString(),
    InvokeMode: invokeMode,
  }
}
