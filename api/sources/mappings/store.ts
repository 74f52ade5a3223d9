import type { Home } from '../../functions/function/arn.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { conflicts, nameErrors } from '../../functions/function/errors.ts'
import { createMappingClaims, type MappingClaims } from './unique-index.ts'
import type { EventSourceMapping } from './mapping.ts'
import { claimsOf, claimTaken } from './unique-keys.ts'

/** The mappings of this server. Whatever is answered is kept; of two that claim the same one is refused. */
export interface MappingStore {
  find(id: string): Promise<EventSourceMapping | undefined>
  create(mapping: EventSourceMapping): Promise<void>
  /** Saves what the rule makes of the mapping; 404 when there is none. */
  change(id: string, rule: (mapping: EventSourceMapping) => EventSourceMapping): Promise<EventSourceMapping>
  /** Removes the mapping and answers it; 404 when there is none. */
  remove(id: string): Promise<EventSourceMapping>
}

interface World {
  readonly home: Home
  readonly documents: Documents
  readonly claims: MappingClaims
}

const attempts = 50
const keyOf = (id: string) => ({ kind: 'event-source-mapping', id }) as const

/** Mappings kept as documents, and beside each the claims that only one may have. */
export function createMappingStore({ documents, ...home }: Home & { readonly documents: Documents }): MappingStore {
  const find = async (id: string) => (await documents.find<EventSourceMapping>(keyOf(id)))?.value
  const holds = async (id: string, claim: string) => {
    const mapping = await find(id)
    return mapping !== undefined && claimsOf(mapping).includes(claim)
  }
  const world = { home, documents, claims: createMappingClaims(documents, holds) }
  return {
    find,
    create: (mapping) => create(world, mapping),
    change: (id, rule) => change(world, id, rule),
    remove: (id) => remove(world, id),
  }
}

async function create(world: World, mapping: EventSourceMapping): Promise<void> {
  const { home, documents, claims } = world
  const own = claimsOf(mapping)
  const holder = await claims.take(mapping.id, own)
  if (holder !== undefined) throw claimTaken(home, mapping, holder)
  await documents.save(keyOf(mapping.id), mapping, 0)
  const winner = await claims.confirm(mapping.id, own)
  if (winner === undefined) return
  await remove(world, mapping.id)
  throw claimTaken(home, mapping, winner)
}

async function change(
  world: World,
  id: string,
  rule: (mapping: EventSourceMapping) => EventSourceMapping,
): Promise<EventSourceMapping> {
  const { home, documents, claims } = world
  for (let attempt = 0; attempt < attempts; attempt++) {
    const stored = await documents.find<EventSourceMapping>(keyOf(id))
    if (stored === undefined) throw nameErrors.resourceNotFound()
    const next = rule(stored.value)
    const [before, after] = [claimsOf(stored.value), claimsOf(next)]
    const added = after.filter((claim) => !before.includes(claim))
    const holder = await claims.take(id, added)
    if (holder !== undefined) throw claimTaken(home, next, holder)
    if (await documents.save(keyOf(id), next, stored.revision)) {
      const winner = await claims.confirm(id, added)
      if (winner !== undefined) await putBack(world, stored.value, added)
      if (winner !== undefined) throw claimTaken(home, next, winner)
      await claims.release(
        id,
        before.filter((claim) => !after.includes(claim)),
      )
      return next
    }
    await claims.release(id, added)
  }
  throw conflicts.updateInProgress(id)
}

/** Puts a mapping back as it was before a change that came too late for its claim. */
async function putBack({ documents, claims }: World, before: EventSourceMapping, added: readonly string[]) {
  const stored = await documents.find<EventSourceMapping>(keyOf(before.id))
  if (stored !== undefined) await documents.save(keyOf(before.id), before, stored.revision)
  await claims.release(before.id, added)
}

async function remove({ documents, claims }: World, id: string): Promise<EventSourceMapping> {
  for (;;) {
    const stored = await documents.find<EventSourceMapping>(keyOf(id))
    if (stored === undefined) throw nameErrors.resourceNotFound()
    if (!(await documents.remove(keyOf(id), stored.revision))) continue
    await claims.release(id, claimsOf(stored.value))
    return stored.value
  }
}
