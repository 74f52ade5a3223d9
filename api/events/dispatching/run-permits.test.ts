import { expect, test } from '@jest/globals'
import { createPlaces } from './run-permits.ts'

test('a function gets no place while as many of its runs are young as the machine has use for', () => {
  const places = createPlaces(100, 2)
  const first = places.take('quick', 1000)
  places.take('quick', 1000)
  expect(places.closedTo(1000)).toEqual(new Set(['quick']))
  places.giveBack(first)
  expect(places.closedTo(1000)).toEqual(new Set())
})

test('runs that have gone on for a while do not hold up those behind them', () => {
  const places = createPlaces(100, 2)
  places.take('slow', 1000)
  places.take('slow', 1100)
  expect(places.closedTo(1100)).toEqual(new Set(['slow']))
  expect(Math.min(...places.opens())).toBe(1200)
  expect(places.closedTo(1200)).toEqual(new Set())
})

test('a function never holds more than half of the places, and a place is given back once', () => {
  const places = createPlaces(4, 10)
  const run = places.take('greedy', 0)
  places.take('greedy', 0)
  expect(places.closedTo(5000)).toEqual(new Set(['greedy']))
  places.giveBack(run)
  places.giveBack(run)
  expect(places.free()).toBe(3)
})

test('a function that is refused a place rests until the time given, when none of it runs', () => {
  const places = createPlaces(4, 10)
  expect(places.refused('resting', 1000, 2000)).toBe(true)
  expect(places.opens()).toEqual([2000])
  expect(places.closedTo(1999)).toEqual(new Set(['resting']))
  expect(places.closedTo(2000)).toEqual(new Set())
})

test('a function that is refused a place gets as many as run of it, and one more each second', () => {
  const places = createPlaces(100, 10)
  const run = places.take('small', 0)
  places.take('small', 0)
  expect(places.refused('small', 5000, 9000)).toBe(false)
  expect(places.isClosed('small', 5000)).toBe(true)
  expect(places.opens()).toEqual([6000])
  expect(places.isClosed('small', 6000)).toBe(false)
  places.giveBack(run)
  expect(places.isClosed('small', 5000)).toBe(false)
})
