import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { layerStackSha256 } from './code-store.ts'
import { eachDocument } from '../catalogue/document-change.ts'
import type { Documents } from '../catalogue/documents.ts'
import type { FunctionVersion, LayerCode } from '../function/function.ts'

const pageSize = 100
const versionsPerTurn = 100

/** Hashes of all packages that a function, one of its versions, or a layer version uses, and of stacks of layers. */
export async function codeInUse(
  catalogue: Pick<Catalogue, 'list' | 'findVersion'>,
  documents: Pick<Documents, 'list'>,
): Promise<Set<string>> {
  const hashes = new Set<string>()
  for await (const version of eachVersion(catalogue)) for (const hash of hashesOf(version)) hashes.add(hash)
  for await (const { sha256 } of eachLayerCode(documents)) hashes.add(sha256)
  return hashes
}

/** Zipped bytes of all versions of functions and of layers. */
export async function usedCodeBytes({
  catalogue,
  documents,
}: {
  readonly catalogue: Pick<Catalogue, 'usage'>
  readonly documents: Pick<Documents, 'list'>
}): Promise<number> {
  let { codeBytes } = await catalogue.usage()
  for await (const { sizeBytes } of eachLayerCode(documents)) codeBytes += sizeBytes
  return codeBytes
}

/** The packages of all layer versions. */
async function* eachLayerCode(documents: Pick<Documents, 'list'>): AsyncGenerator<LayerCode> {
  const versions = eachDocument<{ readonly code: LayerCode }>(documents, { kind: 'layer-version' })
  for await (const { value } of versions) yield value.code
}

async function* eachVersion(catalogue: Pick<Catalogue, 'list' | 'findVersion'>): AsyncGenerator<FunctionVersion> {
  let after: string | undefined
  let read = 0
  for (;;) {
    const page = await catalogue.list({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    for (const { name, latest, serving, versions } of page) {
      yield latest
      if (serving !== undefined) yield serving
      for (const number of versions) {
        // A store in this process answers at once, and would never let others in.
        if (++read % versionsPerTurn === 0) await nextTurn()
        const version = await catalogue.findVersion(name, number)
        if (version !== undefined) yield version
        if (version?.serving !== undefined) yield version.serving
      }
    }
    await nextTurn()
    after = page.at(-1)?.name
    if (page.length < pageSize || after === undefined) return
  }
}

/** Images are stored by their registries. */
function hashesOf({ code, settings }: FunctionVersion): string[] {
  const layers = settings.layers.map(({ sha256 }) => sha256)
  const own = code.image === undefined ? [code.sha256] : []
  return layers.length === 0 ? own : [...own, ...layers, layerStackSha256(layers)]
}
