import type { SourceKind } from './mapping.ts'

/** The result of a mapping for which something is wrong. */
export function problem(text: string): string {
  return `PROBLEM: ${text}`
}

/** The result of a batch that failed, or that could not be run (reference 8.1). */
export const functionCallFailed = problem('Function call failed')

const lossPrefix = problem('Records of ')

/** The result of a mapping whose source no longer has records that were not run. AWS's text is not known. */
export function recordsLost(part: string, reason: string): string {
  return `${lossPrefix}${part} may be lost: ${reason}`
}

/** Whether the result reports lost records. */
export function isLossResult(result: string | undefined): boolean {
  return result?.startsWith(lossPrefix) === true
}

/** The result of a mapping that has run nothing yet; queues have none. */
export function firstResult(kind: SourceKind): string | undefined {
  return kind === 'sqs' || kind === 'mq' ? undefined : 'No records processed'
}

/** Whether the result reports that the source cannot be polled. */
export function isUnreachableResult(result: string | undefined): boolean {
  return result?.startsWith(problem('')) === true && result !== functionCallFailed && !isLossResult(result)
}
