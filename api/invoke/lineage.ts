/** A trace header that counts the current call. */
export interface Lineage {
  /** The header with the function's count in its `Lineage`. */
  readonly header: string
  /** How often the function was called earlier in the chain. */
  readonly callsBefore: number
}

/** How often the same function may be called in one chain; the next call is rejected (reference 6.6). */
export const maxCallsInChain = 16

const lineagePart = /;?Lineage=([^;]*)/i

/**
 * Counts a function's call in the chain of calls that a trace header stands for: `Lineage=<8 hex>:<n>`, a pair for each
 * function, separated by `|`. Retries of one event count once, since they go on from the same header.
 */
export function advanceLineage(header: string, functionArn: string): Lineage {
  const mark = markOf(functionArn.split(':').slice(0, 7).join(':'))
  const pairs = (lineagePart.exec(header)?.[1] ?? '').split('|').filter((pair) => pair !== '')
  const own = pairs.find((pair) => pair.includes(`${mark}:`))
  const counted = Number(own?.slice(own.lastIndexOf(':') + 1))
  const count = Number.isInteger(counted) ? counted + 1 : 0
  const others = pairs.filter((pair) => pair !== own)
  const lineage = [...others, `${mark}:${String(count)}`].join('|')
  return { header: `${header.replace(lineagePart, '')};Lineage=${lineage}`, callsBefore: count }
}

/** Eight hex digits that stand for an ARN (FNV-1a). */
function markOf(arn: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < arn.length; at++) hash = Math.imul(hash ^ arn.charCodeAt(at), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
