import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { createCodeSweep } from './code-sweep.ts'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

function sweeps(results: (number | Error | undefined)[]) {
  const [errors, atMs]: [string[], number[]] = [[], []]
  const begun = performance.now()
  const sweep = () => {
    atMs.push(Math.round((performance.now() - begun) / 1000))
    const result = results.shift()
    return result instanceof Error ? Promise.reject(result) : Promise.resolve(result)
  }
  return { sweep, log: { error: (line: string) => void errors.push(line) }, errors, atSeconds: atMs }
}

test('sweeps at start, after a note, when something is overdue, and every hour', async () => {
  const { atSeconds, ...options } = sweeps([undefined, 120_000, undefined, undefined])
  const sweep = createCodeSweep(options)
  await sweep.start()
  sweep.note()
  sweep.note()
  await jest.advanceTimersByTimeAsync(4_000_000)
  sweep.stop()
  await jest.advanceTimersByTimeAsync(8_000_000)
  expect(atSeconds).toEqual([0, 10, 130, 3730])
})

test('reads the catalogue rarely, however often something changes, and goes on after a fault', async () => {
  const { atSeconds, errors, ...options } = sweeps([undefined, new Error('no'), 0, undefined])
  const sweep = createCodeSweep(options)
  await sweep.start()
  const noting = setInterval(() => sweep.note(), 1000)
  await jest.advanceTimersByTimeAsync(60_000)
  clearInterval(noting)
  sweep.stop()
  expect(errors).toEqual(['Unused packages could not be removed.'])
  expect(atSeconds.length).toBeLessThan(7)
})

test('rejects when the first sweep fails', async () => {
  await expect(createCodeSweep(sweeps([new Error('no')])).start()).rejects.toThrow('no')
})
