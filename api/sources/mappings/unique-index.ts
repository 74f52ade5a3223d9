import { createHash } from 'node:crypto'
import type { Documents } from '../../functions/catalogue/documents.ts'

/** Who has a claim. Written before the mapping and once more behind it, so that nobody takes over a claim in between. */
interface KeyHolder {
  readonly mappingId: string
  readonly isConfirmed: boolean
}

/** What at most one mapping may have. A claim whose mapping is gone, or never came to be, is anybody's. */
export interface UniqueIndex {
  /** Takes all for the mapping, or none; then answers who has one of them. */
  reserve(id: string, keys: readonly string[]): Promise<string | undefined>
  /** Makes sure of claims whose mapping is saved; answers who took one over meanwhile. */
  confirm(id: string, keys: readonly string[]): Promise<string | undefined>
  release(id: string, keys: readonly string[]): Promise<void>
}

const documentKeyOf = (key: string) =>
  ({ kind: 'event-source-claim', id: createHash('sha256').update(key).digest('hex') }) as const

/** Claims kept as documents; `holds` says whether a mapping is there and has the claim. */
export function createUniqueIndex(
  documents: Documents,
  holds: (mappingId: string, key: string) => Promise<boolean>,
): UniqueIndex {
  const find = (key: string) => documents.find<KeyHolder>(documentKeyOf(key))
  const holderOf = async (key: string) => (await find(key))?.value.mappingId ?? 'unknown'
  const write = (key: string, value: KeyHolder, revision: number) => documents.save(documentKeyOf(key), value, revision)

  /** Answers who has it when it cannot be had. */
  const reserveOne = async (id: string, key: string): Promise<string | undefined> => {
    const stored = await find(key)
    const holder = stored?.value.mappingId
    if (holder === id) return undefined
    if (holder !== undefined && (await holds(holder, key))) return holder
    const isReserved = await write(key, { mappingId: id, isConfirmed: false }, stored?.revision ?? 0)
    return isReserved ? undefined : holderOf(key)
  }

  const release = async (id: string, keys: readonly string[]): Promise<void> => {
    for (const key of keys) {
      const stored = await find(key)
      if (stored?.value.mappingId === id) await documents.remove(documentKeyOf(key), stored.revision)
    }
  }

  return {
    release,
    async reserve(id, keys) {
      for (const [index, key] of keys.entries()) {
        const holder = await reserveOne(id, key)
        if (holder === undefined) continue
        await release(id, keys.slice(0, index))
        return holder
      }
      return undefined
    },
    async confirm(id, keys) {
      for (const key of keys) {
        const stored = await find(key)
        const isOwn = stored?.value.mappingId === id
        if (!isOwn || !(await write(key, { mappingId: id, isConfirmed: true }, stored.revision))) return holderOf(key)
      }
      return undefined
    },
  }
}
