import { accountErrors } from '../function/errors.ts'

type Tags = Readonly<Record<string, string>>

const maxTags = 50

/** Refuses more tags than a resource may have (reference 2.10). */
export function checkTagCount(tags: Tags): void {
  if (Object.keys(tags).length > maxTags) throw accountErrors.tooManyTags()
}

/** The tags with others added or replaced. */
export function addTags(tags: Tags, added: Tags): Tags {
  if (Object.keys(added).length === 0) throw accountErrors.noTags()
  const all = { ...tags, ...added }
  checkTagCount(all)
  return all
}

/** The tags without some keys; keys that are not there change nothing. */
export function removeTags(tags: Tags, keys: readonly string[]): Tags {
  const removed = new Set(keys)
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.has(key)))
}
