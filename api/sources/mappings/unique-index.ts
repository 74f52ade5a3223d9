import { createHash } from 'node:crypto'
import type { Documents } from '../../functions/catalogue/documents.ts'

/**
 * The holder of a key. Written before the mapping is saved and confirmed afterwards, so that no other mapping can take the key
 * in between.
 */
interface KeyHolder {
  readonly mappingId: string
  readonly isConfirmed: boolean
}

/** An index of keys that at most one mapping may have. A key whose mapping does not exist, or was never saved, is free. */
export interface UniqueIndex {
  /** Reserves all keys for the mapping, or none. Returns the holder of a key that is taken. */
  reserve(id: string, keys: readonly string[]): Promise<string | undefined>
  /** Confirms the keys of a saved mapping. Returns the mapping that took one of them meanwhile. */
  confirm(id: string, keys: readonly string[]): Promise<string | undefined>
  release(id: string, keys: readonly string[]): Promise<void>
}

const documentKeyOf = (key: string) =>
  ({ kind: 'event-source-claim', id: createHash('sha256').update(key).digest('hex') }) as const

/** Stores keys as documents; `holds` says whether a mapping exists and has the key. */
export function createUniqueIndex(
  documents: Documents,
  holds: (mappingId: string, key: string) => Promise<boolean>,
): UniqueIndex {
  const find = (key: string) => documents.find<KeyHolder>(documentKeyOf(key))
  const holderOf = async (key: string) => (await find(key))?.value.mappingId ?? 'unknown'
  const write = (key: string, value: KeyHolder, revision: number) => documents.save(documentKeyOf(key), value, revision)

  /** Returns the holder if the key is taken. */
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
