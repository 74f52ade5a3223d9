import type { SourceKind } from './mapping.ts'

/** The result of a mapping for which something is wrong. */
export function problem(text: string): string {
  return `PROBLEM: ${text}`
}

/** The result of a batch that failed, or that could not be run (reference 8.1). */
export const functionCallFailed = problem('Function call failed')

/** The result of a mapping that has run nothing yet; queues have none. */
export function firstResult(kind: SourceKind): string | undefined {
  return kind === 'sqs' || kind === 'mq' ? undefined : 'No records processed'
}

/** Whether the result reports that the source cannot be polled. */
export function isUnreachableResult(result: string | undefined): boolean {
  return result?.startsWith(problem('')) === true && result !== functionCallFailed
}
