import { advanceLineage, mostCallsInChain } from '../../invoke/lineage.ts'
import type { SqsMessage } from './message.ts'

/** Divides messages so that those of a loop that is to be stopped are run apart from the others, in order (reference 6.6). */
export function splitByLoop(messages: readonly SqsMessage[], functionArn: string): SqsMessage[][] {
  const batches: SqsMessage[][] = []
  let isBefore: boolean | undefined
  for (const message of messages) {
    const isLoop = callsBefore(message, functionArn) >= mostCallsInChain
    if (isLoop !== isBefore) batches.push([])
    batches.at(-1)?.push(message)
    isBefore = isLoop
  }
  return batches
}

/** The trace header that a batch goes on with: of the message that the most calls of the function led to. */
export function longestChain(messages: readonly SqsMessage[], functionArn: string): string | undefined {
  const traced = messages.filter((message) => traceOf(message) !== undefined)
  const [first] = traced.sort((one, two) => callsBefore(two, functionArn) - callsBefore(one, functionArn))
  return first && traceOf(first)
}

function callsBefore(message: SqsMessage, functionArn: string): number {
  return advanceLineage(traceOf(message) ?? '', functionArn).callsBefore
}

/** What AWS's SDK sent along with the message, and the queue kept. */
function traceOf({ Attributes }: SqsMessage): string | undefined {
  return Attributes?.['AWSTraceHeader']
}
