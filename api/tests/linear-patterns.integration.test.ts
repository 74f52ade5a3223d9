import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'
import { expect, test } from '@jest/globals'
import data from '../model/lambda.json' with { type: 'json' }
import { readSignature } from '../authentication/request-signature.ts'
import { wholeMatch } from '../model/validation/constraints.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The patterns, by position, that the linter reports as slower than linear time. */
async function superLinear(patterns: readonly string[]): Promise<number[]> {
  const linter = new ESLint({ cwd: root })
  const text = patterns.map((pattern, index) => `export const p${index} = ${pattern}\n`).join('')
  const [result] = await linter.lintText(text, { filePath: `${root}api/version.ts` })
  const found = (result?.messages ?? []).filter(({ ruleId }) => ruleId?.startsWith('regexp/no-super-linear'))
  return [...new Set(found.map(({ line }) => line - 1))]
}

test('the linter finds patterns that cost quadratic time', async () => {
  expect(await superLinear([String.raw`/\/+$/`, String.raw`/^\/+/`, '/^(a+)+b$/', '/^a+b$/'])).toEqual([0, 2])
}, 60_000)

test("the model's patterns cost linear time, or their texts are short", async () => {
  const shapes = Object.entries(data.shapes as Record<string, { pattern?: string; max?: number }>)
  const matched = shapes.flatMap(([name, { pattern, max }]) => (pattern === undefined ? [] : [{ name, pattern, max }]))
  const found = await superLinear(matched.map(({ pattern }) => String(wholeMatch(pattern))))
  const long = found.map((index) => matched[index]!).filter(({ max = Infinity }) => max > 10_000)
  expect(long.map(({ name }) => name)).toEqual([])
}, 60_000)

test('a credential of slashes alone is no credential, and one with many at its end is read as before', () => {
  const request = (credential: string) => ({
    method: 'GET',
    url: '/',
    rawHeaders: [
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=aa`,
      'x-amz-date',
      '20261201T000000Z',
    ],
  })
  const slashes = '/'.repeat(15_000)
  expect(() => readSignature(request(`${slashes}a`))).toThrow('exactly 5 slash-delimited elements')
  expect(() => readSignature(request(slashes))).toThrow('exactly 5 slash-delimited elements')
  expect(readSignature(request(`key/20261201/us-east-1/lambda/aws4_request${slashes}`))).toMatchObject({
    accessKeyId: 'key',
    scope: ['20261201', 'us-east-1', 'lambda', 'aws4_request'],
  })
})
