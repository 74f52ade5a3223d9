import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { findJsonFault } from './json-fault.ts'
import { openJackson } from './testing/jackson.ts'
import { brokenEverywhere, jsonInputs } from './testing/json-inputs.ts'
import { readAnswers, representative, writeAnswers } from './testing/recorded-answers.ts'

const folder = mkdtempSync(join(tmpdir(), 'kubelambda-jackson-'))
const jackson = openJackson(folder)
const [withJackson, word] =
  jackson === undefined
    ? ([test.skip, ' (skipped: no java, or mvn cannot download Jackson)'] as const)
    : ([test, ''] as const)

afterAll(() => {
  rmSync(folder, { recursive: true })
})

const text = Buffer.from('{"aé":["b€",-1.5e3,null]}')

withJackson(
  `Jackson itself says the same of 30,000 inputs${word}`,
  () => {
    const inputs = [...jsonInputs(2026, 30_000), ...brokenEverywhere(text)]
    const answers = jackson?.(inputs) ?? []
    if (process.env['RECORD_JACKSON'] !== undefined) record(inputs, answers)
    const differing = inputs.filter((input, index) => (findJsonFault(input) ?? '') !== answers[index])
    expect(differing.map((input) => input.toString('latin1'))).toEqual([])
  },
  120_000,
)

withJackson(
  `the recorded answers are those of Jackson${word}`,
  () => {
    const recorded = readAnswers()
    expect(jackson?.(recorded.map(({ input }) => input))).toEqual(recorded.map(({ answer }) => answer))
  },
  120_000,
)

/** Writes the table of recorded answers anew: with `RECORD_JACKSON=1`. */
function record(inputs: readonly Buffer[], answers: readonly string[]): void {
  const all = inputs.map((input, index) => ({ input, answer: answers[index] ?? '' }))
  const random = all.slice(0, 30_000)
  writeAnswers([...representative(random, 4), ...all.slice(30_000)])
}
