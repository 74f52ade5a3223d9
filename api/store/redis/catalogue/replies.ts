import type { Stored } from '../../../functions/catalogue/catalogue.ts'

/** A script's list of two values in turn, as pairs. */
export function pairsOf(listed: unknown): [string, string][] {
  const values = listed as string[]
  return Array.from({ length: values.length / 2 }, (_, at) => [values[at * 2] ?? '', values[at * 2 + 1] ?? ''])
}

/** A hash's `revision` and `document`, as HMGET answers them, parsed; undefined when there is no such hash. */
export function storedOf<Value>([revision, document]: (string | null)[]): Stored<Value> | undefined {
  if (typeof document !== 'string') return undefined
  return { value: JSON.parse(document) as Value, revision: Number(revision) }
}
