import type { Catalogue } from './catalogue.ts'

const pageSize = 100

/** Hashes of all packages that a function or one of its versions still names. */
export async function codeInUse(catalogue: Pick<Catalogue, 'list' | 'findVersion'>): Promise<Set<string>> {
  const hashes = new Set<string>()
  let after: string | undefined
  for (;;) {
    const page = await catalogue.list({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    for (const { name, latest, serving, versions } of page) {
      hashes.add(latest.code.sha256)
      if (serving !== undefined) hashes.add(serving.code.sha256)
      for (const number of versions) {
        const version = await catalogue.findVersion(name, number)
        if (version !== undefined) hashes.add(version.code.sha256)
      }
    }
    after = page.at(-1)?.name
    if (page.length < pageSize || after === undefined) return hashes
  }
}
