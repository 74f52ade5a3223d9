import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'
import { expect, test } from '@jest/globals'
import { failureOfInit } from '../environments/scheduling/init-failure.ts'
import { ownMember } from '../functions/function/own-member.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']

test.each(inherited)('an error type %s of a function is no code of a failed initialisation', (name) => {
  expect(failureOfInit(name).code).toBe('FunctionError.RuntimeInitError')
})

test.each(inherited)('a record keeps nothing under %s', (name) => {
  expect([ownMember({}, name), ownMember(undefined, name)]).toEqual([undefined, undefined])
})

/** The rule's messages for the text, as if it were that of a file of the server. */
async function refused(text: string): Promise<number> {
  const linter = new ESLint({ cwd: root })
  const [result] = await linter.lintText(text, { filePath: `${root}api/version.ts` })
  return (result?.messages ?? []).filter(({ ruleId }) => ruleId === 'tables/own-members').length
}

test('the lint rule finds a table that outside input indexes, and accepts a Map and a guard', async () => {
  const table = `const table: Readonly<Record<string, string>> = { a: 'b' }\n`
  const of = (body: string) => refused(`${table}export const read = (key: string) => ${body}\n`)
  expect(await of('table[key]')).toBe(1)
  expect(await of('table[key.toLowerCase()] ?? ""')).toBe(1)
  expect(await of('{ const own: Record<string, string> = {}; own[key] = table["a"] ?? ""; return own }')).toBe(1)
  expect(await of('(Object.hasOwn(table, key) ? table[key] : undefined)')).toBe(0)
  expect(await of('(Object.hasOwn(table, key) ? undefined : table[key])')).toBe(1)
  expect(await of('new Map(Object.entries(table)).get(key)')).toBe(0)
}, 60_000)
