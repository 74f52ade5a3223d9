import { expect, test } from '@jest/globals'
import { createResults } from './results.ts'

test('a loss is logged each time, and shown for ten minutes although batches succeed', () => {
  let nowMs = 0
  const [shown, lines] = [[] as (string | undefined)[], [] as string[]]
  const mappings = {
    report: async (_uuid: string, result: string | undefined) => void shown.push(result),
    recover: async () => void shown.push('recovered'),
  }
  const results = createResults('one', { mappings, warn: (line) => lines.push(line), now: () => nowMs })
  const loss = 'PROBLEM: Records of shard may be lost: they expired.'
  results.report('OK')
  results.lost('shard', 'they expired.')
  results.reached()
  results.report('OK')
  results.lost('shard', 'they expired.')
  expect(shown).toEqual(['OK', loss, 'recovered', loss])
  nowMs = 600_000
  results.report('OK')
  results.lost('shard', 'they expired.')
  results.report('PROBLEM: Function call failed')
  results.report('OK')
  expect(shown.slice(4)).toEqual(['OK', loss, 'PROBLEM: Function call failed', 'OK'])
  expect(new Set(lines)).toEqual(new Set(['Records of shard may be lost to mapping one: they expired.']))
  expect(lines).toHaveLength(3)
})
