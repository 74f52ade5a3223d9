import type { Home } from '../function/arn.ts'
import {
  checkCode,
  requireCodeStorage,
  storeCode,
  type CodeRequest,
  type CodeSourceDependencies,
} from '../code/code-source.ts'
import { changeDocument, eachDocument } from '../catalogue/document-change.ts'
import type { DocumentKey, Documents } from '../catalogue/documents.ts'
import { layerArn, layerErrors, type LayerPolicy, type LayerVersion } from './layer.ts'
import type { Stamp } from '../catalogue/record-change.ts'

export interface LayersDependencies extends Home, CodeSourceDependencies {
  readonly documents: Documents
  readonly stamp: Stamp
  /** Called when a version was removed: its code may be unused. */
  readonly onRemoved?: () => void
}

export interface LayerPublication {
  readonly name: string
  readonly description: string
  readonly code: CodeRequest
  /** Undefined for a list that is not to be shown. */
  readonly runtimes: readonly string[] | undefined
  readonly architectures: readonly string[] | undefined
  readonly licenseInfo?: string | undefined
}

/** Filters layer versions by runtime and architecture. */
export interface LayerFilter {
  readonly runtime?: string | undefined
  readonly architecture?: string | undefined
}

export interface LayerPageRequest extends LayerFilter {
  /** The last item of the previous page: a layer's name, or a version of the layer. */
  readonly after?: string | undefined
  readonly limit: number
}

/** The layers of this server's account. */
export interface Layers {
  publish(request: LayerPublication): Promise<LayerVersion>
  find(name: string, version: number): Promise<LayerVersion | undefined>
  /** Versions of one layer, newest first. */
  listVersions(name: string, page: LayerPageRequest): Promise<LayerVersion[]>
  /** The newest matching version of each layer, by name. */
  list(page: LayerPageRequest): Promise<LayerVersion[]>
  /** Removes a version. Functions that use it keep its code. */
  remove(name: string, version: number): Promise<void>
  /** Changes the policy of a version, which must exist; undefined for none. */
  changePolicy(
    name: string,
    version: number,
    rule: (policy: LayerPolicy | undefined) => LayerPolicy | undefined,
  ): Promise<LayerVersion>
}

/** The part of a layer that is never deleted, so that numbers are not reused. */
interface LayerCounter {
  readonly nextVersion: number
}

/**
 * Publishes, lists and removes layers. The code is stored first, then the number is allocated, then the version is saved: a
 * crash in between leaves a package that is swept, or an unused number.
 */
export function createLayers(dependencies: LayersDependencies): Layers {
  const { documents, ...home } = dependencies
  return {
    publish: (request) => publish(dependencies, request),
    find: async (name, version) => (await documents.find<LayerVersion>(keyOf(name, version)))?.value,
    listVersions: (name, page) => listVersions(documents, name, page),
    list: (page) => list(documents, page),
    remove: async (name, version) => {
      await changeDocument<LayerVersion>(documents, keyOf(name, version), () => undefined)
      dependencies.onRemoved?.()
    },
    async changePolicy(name, version, rule) {
      const changed = await changeDocument<LayerVersion>(documents, keyOf(name, version), (current) => {
        if (current === undefined) throw layerErrors.versionUnknown(layerArn(home, name, version))
        const { policy, ...rest } = current
        const next = rule(policy)
        return next === undefined ? rest : { ...rest, policy: next }
      })
      if (changed === undefined) throw new Error(`A change of the policy of layer ${name} removed its version.`)
      return changed
    },
  }
}

async function publish(dependencies: LayersDependencies, request: LayerPublication): Promise<LayerVersion> {
  const { documents, stamp } = dependencies
  const { code, licenseInfo, runtimes, architectures, ...facts } = request
  const lists = { runtimes, architectures }
  const absentLists = (['runtimes', 'architectures'] as const).filter((list) => lists[list] === undefined)
  const checked = await checkCode(dependencies, code)
  await requireCodeStorage(dependencies, checked.code.sizeBytes)
  const { sha256, sizeBytes, unzippedBytes = 0, object } = await storeCode(dependencies, checked)
  const version = {
    ...facts,
    runtimes: runtimes ?? [],
    architectures: architectures ?? [],
    ...(absentLists.length === 0 ? {} : { absentLists }),
    version: await takeNumber(documents, facts.name),
    createdMs: stamp.nowMs(),
    code: { sha256, sizeBytes, unzippedBytes, ...(object && { object }) },
    ...(licenseInfo === undefined ? {} : { licenseInfo }),
  }
  if (!(await documents.save(keyOf(version.name, version.version), version, 0))) {
    throw new Error(`Version ${version.version} of layer ${version.name} exists although its number was free.`)
  }
  return version
}

async function takeNumber(documents: Documents, name: string): Promise<number> {
  const counter = await changeDocument<LayerCounter>(documents, { kind: 'layer', id: name }, (current) => ({
    nextVersion: (current?.nextVersion ?? 1) + 1,
  }))
  return (counter?.nextVersion ?? 2) - 1
}

async function listVersions(documents: Documents, name: string, page: LayerPageRequest): Promise<LayerVersion[]> {
  const { after, limit } = page
  const found: LayerVersion[] = []
  const start = after === undefined ? undefined : keyOf(name, Number(after)).id
  for await (const { value } of eachDocument<LayerVersion>(documents, versionsOf(name, start))) {
    if (matches(value, page)) found.push(value)
    if (found.length === limit) break
  }
  return found
}

async function list(documents: Documents, page: LayerPageRequest): Promise<LayerVersion[]> {
  const { after, limit } = page
  const found: LayerVersion[] = []
  for await (const { id: name } of eachDocument<LayerCounter>(documents, { kind: 'layer', after })) {
    found.push(...(await listVersions(documents, name, { ...page, after: undefined, limit: 1 })))
    if (found.length === limit) break
  }
  return found
}

function matches({ runtimes, architectures }: LayerVersion, { runtime, architecture }: LayerFilter): boolean {
  const isRuntime = runtime === undefined || runtimes.includes(runtime)
  return isRuntime && (architecture === undefined || architectures.includes(architecture))
}

const highestNumber = 999_999_999_999_999

/** Ids count down, so that their byte order is newest first. */
function keyOf(name: string, version: number): DocumentKey {
  return { kind: 'layer-version', id: `${name}/${String(highestNumber - version).padStart(15, '0')}` }
}

function versionsOf(name: string, after: string | undefined) {
  return { kind: 'layer-version', prefix: `${name}/`, after } as const
}
