import type { Home } from '../../functions/function/arn.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { parseUnqualifiedName } from '../../functions/function/name.ts'
import {
  latestPublished,
  latestVersion,
  type FunctionRecord,
  type FunctionVersion,
} from '../../functions/function/function.ts'
import type { Lifecycle } from '../../functions/lifecycle.ts'
import { listedConfiguration } from './function-configuration.ts'
import type { Handlers } from '../http/handler.ts'
import { keyBefore, pageLimit, pageOf, type PageMembers } from '../http/page.ts'

export interface FunctionListsDependencies extends Home {
  readonly catalogue: Catalogue
  readonly lifecycle: Pick<Lifecycle, 'read'>
}

interface ListMembers extends PageMembers {
  readonly FunctionVersion?: string
  readonly MasterRegion?: string
}

interface Listed {
  readonly name: string
  readonly version: FunctionVersion
}

/** ListFunctions and ListVersionsByFunction. */
export function functionListRoutes(dependencies: FunctionListsDependencies): Handlers {
  const { catalogue, lifecycle } = dependencies
  const qualified = ({ name, version }: Listed) => listedConfiguration(dependencies, name, version, version.version)

  return {
    async ListFunctions(input: ListMembers) {
      // Functions are not replicated: no other region is the master of one.
      const { MasterRegion: master = 'ALL' } = input
      if (master !== 'ALL' && master !== dependencies.region) return { Functions: [] }
      const [limit, before] = [pageLimit(input), keyBefore(input)]
      if (input.FunctionVersion === 'ALL') {
        const { items, nextMarker } = pageOf(await listAll(catalogue, before, limit + 1), limit, keyOf)
        return { Functions: items.map(qualified), NextMarker: nextMarker }
      }
      const records = await catalogue.list({ limit: limit + 1, ...(before === undefined ? {} : { after: before }) })
      const { items, nextMarker } = pageOf(records, limit, ({ name }) => name)
      const functions = items.map(({ name, latest }) => listedConfiguration(dependencies, name, latest))
      return { Functions: functions, NextMarker: nextMarker }
    },

    async ListVersionsByFunction(input: PageMembers & { readonly FunctionName: string }) {
      const record = await lifecycle.read(parseUnqualifiedName(input.FunctionName, dependencies))
      const limit = pageLimit(input)
      const listed = await versionsOf(catalogue, record, keyBefore(input), limit + 1)
      const { items, nextMarker } = pageOf(listed, limit, ({ version }) => version.version)
      return { Versions: items.map(qualified), NextMarker: nextMarker }
    },
  }
}

const recordsAtOnce = 50

/** Versions of all functions after a key, at most `limit`. */
async function listAll(catalogue: Catalogue, before: string | undefined, limit: number): Promise<Listed[]> {
  const [name, version] = before?.split(':') ?? []
  const started = name === undefined ? undefined : (await catalogue.find(name))?.value
  const listed = started === undefined ? [] : await versionsOf(catalogue, started, version, limit)
  let after = name
  while (listed.length < limit) {
    const records = await catalogue.list({ limit: recordsAtOnce, ...(after === undefined ? {} : { after }) })
    for (const record of records) {
      if (listed.length < limit) listed.push(...(await versionsOf(catalogue, record, undefined, limit - listed.length)))
    }
    after = records.at(-1)?.name
    if (records.length < recordsAtOnce) break
  }
  return listed
}

/** `$LATEST`, `$LATEST.PUBLISHED`, then the numbers in order, after the given version, at most `limit`. */
async function versionsOf(
  catalogue: Catalogue,
  { name, latest, versions }: FunctionRecord,
  after: string | undefined,
  limit: number,
): Promise<Listed[]> {
  const newer = versions.filter((version) => rankOf(version) > rankOf(after)).slice(0, limit)
  const published = await Promise.all(newer.map((number) => catalogue.findVersion(name, number)))
  const all = [...(after === undefined ? [latest] : []), ...published.filter((version) => version !== undefined)]
  return all.slice(0, limit).map((version) => ({ name, version }))
}

/** The position of a version in lists. */
function rankOf(version: string | undefined): number {
  if (version === undefined || version === latestVersion) return -1
  return version === latestPublished ? 0 : Number(version)
}

function keyOf({ name, version }: Listed): string {
  return `${name}:${version.version}`
}
