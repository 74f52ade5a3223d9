import type { SourceKind } from './mapping.ts'

/** What mappings show of a batch that failed, or could not be run (reference 8.1). */
export const functionCallFailed = 'PROBLEM: Function call failed'

/** What a mapping shows while it has run nothing; queues' show nothing. */
export function firstResult(kind: SourceKind): string | undefined {
  return kind === 'sqs' || kind === 'mq' ? undefined : 'No records processed'
}

/** Whether the mapping says that its source cannot be polled. */
export function isUnreachableResult(result: string | undefined): boolean {
  return result?.startsWith('PROBLEM: ') === true && result !== functionCallFailed
}
