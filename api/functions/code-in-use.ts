import type { Catalogue } from './catalogue.ts'
import { layerStackSha256 } from './code-store.ts'
import { eachDocument } from './document-change.ts'
import type { Documents } from './documents.ts'
import type { FunctionVersion } from './function.ts'
import type { LayerVersion } from './layer.ts'

const pageSize = 100

/** Hashes of all packages that a function, one of its versions, or a layer version still names, and of stacks of layers. */
export async function codeInUse(
  catalogue: Pick<Catalogue, 'list' | 'findVersion'>,
  documents: Pick<Documents, 'list'>,
): Promise<Set<string>> {
  const hashes = new Set<string>()
  for await (const version of eachVersion(catalogue)) for (const hash of hashesOf(version)) hashes.add(hash)
  for await (const { value } of eachDocument<LayerVersion>(documents, { kind: 'layer-version' })) {
    hashes.add(value.code.sha256)
  }
  return hashes
}

async function* eachVersion(catalogue: Pick<Catalogue, 'list' | 'findVersion'>): AsyncGenerator<FunctionVersion> {
  let after: string | undefined
  for (;;) {
    const page = await catalogue.list({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    for (const { name, latest, serving, versions } of page) {
      yield latest
      if (serving !== undefined) yield serving
      for (const number of versions) {
        const version = await catalogue.findVersion(name, number)
        if (version !== undefined) yield version
        if (version?.serving !== undefined) yield version.serving
      }
    }
    after = page.at(-1)?.name
    if (page.length < pageSize || after === undefined) return
  }
}

/** Images are kept by their registries. */
function hashesOf({ code, settings }: FunctionVersion): string[] {
  const layers = settings.layers.map(({ sha256 }) => sha256)
  const own = code.image === undefined ? [code.sha256] : []
  return layers.length === 0 ? own : [...own, ...layers, layerStackSha256(layers)]
}
