import type { Home } from '../../functions/function/arn.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { conflicts, nameErrors } from '../../functions/function/errors.ts'
import { createUniqueIndex, type UniqueIndex } from './unique-index.ts'
import type { EventSourceMapping } from './mapping.ts'
import { uniqueKeysOf, duplicateMapping } from './unique-keys.ts'

/** The stored mappings. A change that was acknowledged is durable. Of two mappings with the same unique key, one is refused. */
export interface MappingStore {
  find(id: string): Promise<EventSourceMapping | undefined>
  create(mapping: EventSourceMapping): Promise<void>
  /** Saves the mapping as changed by the rule; 404 when there is none. */
  change(id: string, rule: (mapping: EventSourceMapping) => EventSourceMapping): Promise<EventSourceMapping>
  /** Removes the mapping and returns it; 404 when there is none. */
  remove(id: string): Promise<EventSourceMapping>
}

interface StoreContext {
  readonly home: Home
  readonly documents: Documents
  readonly index: UniqueIndex
}

const attempts = 50
const keyOf = (id: string) => ({ kind: 'event-source-mapping', id }) as const

/** Stores mappings as documents, each with an index of its unique keys. */
export function createMappingStore({ documents, ...home }: Home & { readonly documents: Documents }): MappingStore {
  const find = async (id: string) => (await documents.find<EventSourceMapping>(keyOf(id)))?.value
  const holds = async (id: string, key: string) => {
    const mapping = await find(id)
    return mapping !== undefined && uniqueKeysOf(mapping).includes(key)
  }
  const context = { home, documents, index: createUniqueIndex(documents, holds) }
  return {
    find,
    create: (mapping) => create(context, mapping),
    change: (id, rule) => change(context, id, rule),
    remove: (id) => remove(context, id),
  }
}

async function create(context: StoreContext, mapping: EventSourceMapping): Promise<void> {
  const { home, documents, index } = context
  const own = uniqueKeysOf(mapping)
  const holder = await index.reserve(mapping.id, own)
  if (holder !== undefined) throw duplicateMapping(home, mapping, holder)
  await documents.save(keyOf(mapping.id), mapping, 0)
  const winner = await index.confirm(mapping.id, own)
  if (winner === undefined) return
  await remove(context, mapping.id)
  throw duplicateMapping(home, mapping, winner)
}

async function change(
  context: StoreContext,
  id: string,
  rule: (mapping: EventSourceMapping) => EventSourceMapping,
): Promise<EventSourceMapping> {
  const { home, documents, index } = context
  for (let attempt = 0; attempt < attempts; attempt++) {
    const stored = await documents.find<EventSourceMapping>(keyOf(id))
    if (stored === undefined) throw nameErrors.resourceNotFound()
    const next = rule(stored.value)
    const [before, after] = [uniqueKeysOf(stored.value), uniqueKeysOf(next)]
    const added = after.filter((key) => !before.includes(key))
    const holder = await index.reserve(id, added)
    if (holder !== undefined) throw duplicateMapping(home, next, holder)
    if (await documents.save(keyOf(id), next, stored.revision)) {
      const winner = await index.confirm(id, added)
      if (winner !== undefined) await putBack(context, stored.value, added)
      if (winner !== undefined) throw duplicateMapping(home, next, winner)
      await index.release(
        id,
        before.filter((key) => !after.includes(key)),
      )
      return next
    }
    await index.release(id, added)
  }
  throw conflicts.updateInProgress(id)
}

/** Reverts a change that lost one of its unique keys to another mapping. */
async function putBack({ documents, index }: StoreContext, before: EventSourceMapping, added: readonly string[]) {
  const stored = await documents.find<EventSourceMapping>(keyOf(before.id))
  if (stored !== undefined) await documents.save(keyOf(before.id), before, stored.revision)
  await index.release(before.id, added)
}

async function remove({ documents, index }: StoreContext, id: string): Promise<EventSourceMapping> {
  for (;;) {
    const stored = await documents.find<EventSourceMapping>(keyOf(id))
    if (stored === undefined) throw nameErrors.resourceNotFound()
    if (!(await documents.remove(keyOf(id), stored.revision))) continue
    await index.release(id, uniqueKeysOf(stored.value))
    return stored.value
  }
}
