import { expect, test } from '@jest/globals'
import { advanceLineage } from '../../invoke/lineage.ts'
import { longestChain, splitByLoop } from './message-chain.ts'
import type { SqsMessage } from './message.ts'

const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f'
const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0'

/** A message at the end of a chain of this many invocations. */
function after(calls: number): SqsMessage {
  let header = trace
  for (let call = 0; call < calls; call++) ({ header } = advanceLineage(header, arn))
  const message = { MessageId: String(calls), ReceiptHandle: '', Body: '', MD5OfBody: '' }
  return calls === 0 ? message : { ...message, Attributes: { AWSTraceHeader: header } }
}

test('a batch continues the longest invocation chain of its messages', () => {
  expect(longestChain([after(0), after(2), after(9), after(3)], `${arn}:live`)).toBe(
    after(9).Attributes?.['AWSTraceHeader'],
  )
  expect(longestChain([after(0)], arn)).toBeUndefined()
})

test('messages of a loop are run apart from the others, in the same order', () => {
  const idsOf = (messages: SqsMessage[]) =>
    splitByLoop(messages, arn).map((batch) => batch.map(({ MessageId }) => MessageId))
  expect(idsOf([after(0), after(15), after(16), after(17), after(1)])).toEqual([['0', '15'], ['16', '17'], ['1']])
  expect(idsOf([])).toEqual([])
})
