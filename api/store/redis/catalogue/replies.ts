import type { Stored } from '../../../functions/catalogue/catalogue.ts'

/** Splits a script's flat list into pairs. */
export function pairsOf(listed: unknown): [string, string][] {
  const values = listed as string[]
  return Array.from({ length: values.length / 2 }, (_, at) => [values[at * 2] ?? '', values[at * 2 + 1] ?? ''])
}

/** Parses a hash's `revision` and `document` as HMGET returns them; undefined when the hash does not exist. */
export function storedOf<Value>([revision, document]: (string | null)[]): Stored<Value> | undefined {
  if (typeof document !== 'string') return undefined
  return { value: JSON.parse(document) as Value, revision: Number(revision) }
}
