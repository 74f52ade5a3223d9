import { expect, test } from '@jest/globals'
import { answeredTrace, traceHeader } from './trace-header.ts'

test("a caller's own trace is passed on", () => {
  const given = 'Root=1-5e6776f9-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1'
  expect(traceHeader(given, 0)).toBe(given)
  expect(answeredTrace(given)).toBe('root=1-5e6776f9-0123456789abcdef01234567;sampled=1')
})

test.each([undefined, '', 'nonsense'])('without a root (%s) a new trace begins', (given) => {
  expect(traceHeader(given, 1_764_000_000_000)).toMatch(
    /^Root=1-6924[0-9a-f]{4}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/,
  )
})
