import type { SourceKind } from './mapping.ts'

/** The result of a batch that failed, or that could not be run (reference 8.1). */
export const functionCallFailed = 'PROBLEM: Function call failed'

/** The result of a mapping that has run nothing yet; queues have none. */
export function firstResult(kind: SourceKind): string | undefined {
  return kind === 'sqs' || kind === 'mq' ? undefined : 'No records processed'
}

/** Whether the result reports that the source cannot be polled. */
export function isUnreachableResult(result: string | undefined): boolean {
  return result?.startsWith('PROBLEM: ') === true && result !== functionCallFailed
}
