import { expect, test } from '@jest/globals'
import { createRunPermits } from './run-permits.ts'

test('a function gets no permit while it has as many young runs as the processors can serve', () => {
  const permits = createRunPermits(100, 2)
  const first = permits.acquire('quick', 1000)
  permits.acquire('quick', 1000)
  expect(permits.closedTo(1000)).toEqual(new Set(['quick']))
  permits.release(first)
  expect(permits.closedTo(1000)).toEqual(new Set())
})

test('long runs do not block the events behind them', () => {
  const permits = createRunPermits(100, 2)
  permits.acquire('slow', 1000)
  permits.acquire('slow', 1100)
  expect(permits.closedTo(1100)).toEqual(new Set(['slow']))
  expect(Math.min(...permits.opens())).toBe(1200)
  expect(permits.closedTo(1200)).toEqual(new Set())
})

test('a function never holds more than half of the permits, and a permit is released once', () => {
  const permits = createRunPermits(4, 10)
  const run = permits.acquire('greedy', 0)
  permits.acquire('greedy', 0)
  expect(permits.closedTo(5000)).toEqual(new Set(['greedy']))
  permits.release(run)
  permits.release(run)
  expect(permits.free()).toBe(3)
})

test('a throttled function without running events is paused until the given time', () => {
  const permits = createRunPermits(4, 10)
  expect(permits.throttled('resting', 1000, 2000)).toBe(true)
  expect(permits.opens()).toEqual([2000])
  expect(permits.closedTo(1999)).toEqual(new Set(['resting']))
  expect(permits.closedTo(2000)).toEqual(new Set())
})

test('a throttled function is capped at its running events, plus one each second', () => {
  const permits = createRunPermits(100, 10)
  const run = permits.acquire('small', 0)
  permits.acquire('small', 0)
  expect(permits.throttled('small', 5000, 9000)).toBe(false)
  expect(permits.isClosed('small', 5000)).toBe(true)
  expect(permits.opens()).toEqual([6000])
  expect(permits.isClosed('small', 6000)).toBe(false)
  permits.release(run)
  expect(permits.isClosed('small', 5000)).toBe(false)
})
