import { describe, expect, test } from '@jest/globals'
import { reportedFailures } from './partial-response.ts'

describe('a partial batch response (reference 8.2, 8.3)', () => {
  const read = (text: string) => reportedFailures(Buffer.from(text), new Set(['a', 'b']))
  const items = (...ids: unknown[]) => JSON.stringify({ batchItemFailures: ids.map((id) => ({ itemIdentifier: id })) })

  test.each(['', '""', '{}', 'null', '{"batchItemFailures":[]}', '{"batchItemFailures":null}'])(
    '%s reports that all records succeeded',
    (text) => {
      expect(read(text)).toEqual(new Set())
    },
  )

  test('items name the failed records', () => {
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
  ])('%s reports that the whole batch failed', (text) => {
    expect(read(text)).toBe('all')
  })
})
