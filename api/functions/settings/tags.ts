import { accountErrors } from '../function/errors.ts'

type Tags = Readonly<Record<string, string>>

const maxTags = 50

/** Refuses more tags than a resource can have (reference 2.10). */
export function checkTagCount(tags: Tags): void {
  if (Object.keys(tags).length > maxTags) throw accountErrors.tooManyTags()
}

/** Adds tags, or replaces those with the same keys. */
export function addTags(tags: Tags, added: Tags): Tags {
  if (Object.keys(added).length === 0) throw accountErrors.noTags()
  const all = { ...tags, ...added }
  checkTagCount(all)
  return all
}

/** Removes tags; unknown keys are ignored. */
export function removeTags(tags: Tags, keys: readonly string[]): Tags {
  const removed = new Set(keys)
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.has(key)))
}
