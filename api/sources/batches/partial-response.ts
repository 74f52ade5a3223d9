/** The failures in a partial batch response: the ids that failed, or the whole batch. */
export type ReportedFailures = ReadonlySet<string> | 'all'

/** Returns the id of the record that an item identifier refers to. */
export type ReadIdentifier = (identifier: unknown) => unknown

/**
 * Reads `batchItemFailures` as Lambda does (reference 8.2, 8.3). An empty response or list means that all records succeeded. A
 * response that is not JSON, or an item without a known identifier, means that the whole batch failed.
 */
export function reportedFailures(
  payload: Uint8Array,
  ids: ReadonlySet<string>,
  idOf: ReadIdentifier = (identifier) => identifier,
): ReportedFailures {
  const none: ReportedFailures = new Set()
  if (payload.length === 0) return none
  const answer = parse(payload)
  if (answer === null || answer === '') return none
  if (typeof answer !== 'object') return 'all'
  const list = (answer as { batchItemFailures?: unknown }).batchItemFailures ?? []
  if (!Array.isArray(list)) return 'all'
  const failed = list.map((item: unknown) => idOf((item as { itemIdentifier?: unknown } | null)?.itemIdentifier))
  const areKnown = failed.every((id) => typeof id === 'string' && ids.has(id))
  return areKnown ? new Set(failed as string[]) : 'all'
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString()) as unknown
  } catch {
    return undefined
  }
}
