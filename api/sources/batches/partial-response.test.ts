import { describe, expect, test } from '@jest/globals'
import { reportedFailures } from './partial-response.ts'

describe('what a function reports of a batch (reference 8.2, 8.3)', () => {
  const read = (text: string) => reportedFailures(Buffer.from(text), new Set(['a', 'b']))
  const items = (...ids: unknown[]) => JSON.stringify({ batchItemFailures: ids.map((id) => ({ itemIdentifier: id })) })

  test.each(['', '""', '{}', 'null', '{"batchItemFailures":[]}', '{"batchItemFailures":null}'])(
    '%s says that all went well',
    (text) => {
      expect(read(text)).toEqual(new Set())
    },
  )

  test('items say what failed', () => {
    expect(read(items('b'))).toEqual(new Set(['b']))
    expect(read(items('b', 'a', 'b'))).toEqual(new Set(['a', 'b']))
  })

  test.each([
    'no JSON',
    items(''),
    items(null),
    items('unknown'),
    items('a', 'unknown'),
    items(5),
    '{"batchItemFailures":[{"wrongKey":"a"}]}',
    '{"batchItemFailures":[null]}',
    '{"batchItemFailures":"a"}',
    '{"batchItemFailures":{}}',
  ])('%s says that all failed', (text) => {
    expect(read(text)).toBe('all')
  })
})
