import { advanceLineage, maxCallsInChain } from '../../invoke/lineage.ts'
import type { SqsMessage } from './message.ts'

/**
 * Splits messages, in order, so that those of a recursive loop that has to be stopped are run apart from the others (reference
 * 6.6).
 */
export function splitByLoop(messages: readonly SqsMessage[], functionArn: string): SqsMessage[][] {
  const batches: SqsMessage[][] = []
  let isBefore: boolean | undefined
  for (const message of messages) {
    const isLoop = callsBefore(message, functionArn) >= maxCallsInChain
    if (isLoop !== isBefore) batches.push([])
    batches.at(-1)?.push(message)
    isBefore = isLoop
  }
  return batches
}

/** The trace header of a batch: that of the message with the longest chain of invocations. */
export function longestChain(messages: readonly SqsMessage[], functionArn: string): string | undefined {
  const traced = messages.filter((message) => traceOf(message) !== undefined)
  const [first] = traced.sort((one, two) => callsBefore(two, functionArn) - callsBefore(one, functionArn))
  return first && traceOf(first)
}

function callsBefore(message: SqsMessage, functionArn: string): number {
  return advanceLineage(traceOf(message) ?? '', functionArn).callsBefore
}

/** The trace header that AWS's SDK sent with the message. */
function traceOf({ Attributes }: SqsMessage): string | undefined {
  return Attributes?.['AWSTraceHeader']
}
