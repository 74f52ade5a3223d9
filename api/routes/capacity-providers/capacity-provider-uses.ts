import { functionArn, type Home } from '../../functions/function/arn.ts'
import {
  capacityProviderArn,
  capacityProviderErrors,
  capacityProviderKey,
  capacityProviderName,
} from '../../functions/capacity-providers/capacity-provider.ts'
import { versionsOn } from '../../functions/capacity-providers/capacity-use.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { latestVersion } from '../../functions/function/function.ts'
import type { FunctionRecord, FunctionState, FunctionVersion } from '../../functions/function/function.ts'
import type { Handlers } from '../http/handler.ts'
import { keyBefore, pageLimit, pageOf, type PageMembers } from '../http/page.ts'

export interface CapacityUseDependencies extends Home {
  readonly catalogue: Pick<Catalogue, 'find' | 'findVersion' | 'onCapacityProvider'>
  readonly documents: Pick<Documents, 'find'>
}

/** ListFunctionVersionsByCapacityProvider. */
export function capacityUseRoutes(dependencies: CapacityUseDependencies): Handlers {
  const { documents } = dependencies
  return {
    async ListFunctionVersionsByCapacityProvider(input: PageMembers & { readonly CapacityProviderName: string }) {
      const name = capacityProviderName(input.CapacityProviderName, dependencies)
      const arn = capacityProviderArn(dependencies, name)
      if ((await documents.find(capacityProviderKey(name))) === undefined) throw capacityProviderErrors.notFound(arn)
      const limit = pageLimit(input)
      const listed = await usesOf(dependencies, name, keyBefore(input), limit + 1)
      const { items, nextMarker } = pageOf(listed, limit, (use) => `${use.functionName}:${use.version}`)
      const versions = items.map(({ functionName, version, state }) => ({
        FunctionArn: functionArn(dependencies, functionName, version),
        State: state,
      }))
      return { CapacityProviderArn: arn, FunctionVersions: versions, NextMarker: nextMarker }
    },
  }
}

interface Use {
  readonly functionName: string
  readonly version: string
  readonly state: FunctionState
}

const functionsAtOnce = 50

/** Versions on the provider by function, after the given key, at most `limit`. */
async function usesOf(
  { catalogue }: CapacityUseDependencies,
  provider: string,
  key: string | undefined,
  limit: number,
): Promise<Use[]> {
  const [begun, seen] = key?.split(':') ?? []
  const uses = begun === undefined ? [] : await usesIn(catalogue, provider, begun, seen)
  let after = begun
  while (uses.length < limit) {
    const page = { limit: functionsAtOnce, ...(after === undefined ? {} : { after }) }
    const names = await catalogue.onCapacityProvider(provider, page)
    const found = await Promise.all(names.map((name) => usesIn(catalogue, provider, name)))
    uses.push(...found.flat())
    after = names.at(-1)
    if (names.length < functionsAtOnce) break
  }
  return uses.slice(0, limit)
}

/** Versions of one function on the provider, after the given one. */
async function usesIn(
  catalogue: CapacityUseDependencies['catalogue'],
  provider: string,
  functionName: string,
  after?: string,
): Promise<Use[]> {
  const record = (await catalogue.find(functionName))?.value
  if (record === undefined) return []
  const on = versionsOn(record, provider)
  const versions = after === undefined ? on : on.slice(on.findIndex((version) => version === after) + 1)
  const found = await Promise.all(versions.map((version) => versionIn(catalogue, record, version)))
  return found.flatMap((each) =>
    each === undefined ? [] : [{ functionName, version: each.version, state: each.state }],
  )
}

async function versionIn(
  catalogue: CapacityUseDependencies['catalogue'],
  { name, latest }: FunctionRecord,
  version: string,
): Promise<FunctionVersion | undefined> {
  return version === latestVersion ? latest : catalogue.findVersion(name, version)
}
