import { createHash } from 'node:crypto'
import type { Documents } from '../../functions/catalogue/documents.ts'

/** Who has a claim. Written before the mapping and once more behind it, so that nobody takes over a claim in between. */
interface Claim {
  readonly mappingId: string
  readonly isConfirmed: boolean
}

/** What at most one mapping may have. A claim whose mapping is gone, or never came to be, is anybody's. */
export interface MappingClaims {
  /** Takes all for the mapping, or none; then answers who has one of them. */
  take(id: string, claims: readonly string[]): Promise<string | undefined>
  /** Makes sure of claims whose mapping is saved; answers who took one over meanwhile. */
  confirm(id: string, claims: readonly string[]): Promise<string | undefined>
  release(id: string, claims: readonly string[]): Promise<void>
}

const keyOf = (claim: string) =>
  ({ kind: 'event-source-claim', id: createHash('sha256').update(claim).digest('hex') }) as const

/** Claims kept as documents; `holds` says whether a mapping is there and has the claim. */
export function createMappingClaims(
  documents: Documents,
  holds: (mappingId: string, claim: string) => Promise<boolean>,
): MappingClaims {
  const find = (claim: string) => documents.find<Claim>(keyOf(claim))
  const holderOf = async (claim: string) => (await find(claim))?.value.mappingId ?? 'unknown'
  const write = (claim: string, value: Claim, revision: number) => documents.save(keyOf(claim), value, revision)

  /** Answers who has it when it cannot be had. */
  const takeOne = async (id: string, claim: string): Promise<string | undefined> => {
    const stored = await find(claim)
    const holder = stored?.value.mappingId
    if (holder === id) return undefined
    if (holder !== undefined && (await holds(holder, claim))) return holder
    const isTaken = await write(claim, { mappingId: id, isConfirmed: false }, stored?.revision ?? 0)
    return isTaken ? undefined : holderOf(claim)
  }

  const release = async (id: string, claims: readonly string[]): Promise<void> => {
    for (const claim of claims) {
      const stored = await find(claim)
      if (stored?.value.mappingId === id) await documents.remove(keyOf(claim), stored.revision)
    }
  }

  return {
    release,
    async take(id, claims) {
      for (const [index, claim] of claims.entries()) {
        const holder = await takeOne(id, claim)
        if (holder === undefined) continue
        await release(id, claims.slice(0, index))
        return holder
      }
      return undefined
    },
    async confirm(id, claims) {
      for (const claim of claims) {
        const stored = await find(claim)
        const isOwn = stored?.value.mappingId === id
        if (!isOwn || !(await write(claim, { mappingId: id, isConfirmed: true }, stored.revision)))
          return holderOf(claim)
      }
      return undefined
    },
  }
}
