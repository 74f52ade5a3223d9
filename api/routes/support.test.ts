import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { operations } from '../model/operations.ts'
import { handlersOf, type HandlersDependencies } from './handlers.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const support = readme.slice(readme.indexOf('\n## Support'), readme.indexOf('\n## Promises'))
const named = (text: string) => [...text.matchAll(/`([A-Z][A-Za-z]+)`/g)].map((match) => match[1] ?? '')

test('the support table names each operation once, and says of each whether it is built', () => {
  // Handlers are only listed, never called.
  const built = new Set(Object.keys(handlersOf({} as unknown as HandlersDependencies)))
  const rows = support.split('\n').filter((line) => line.startsWith('| `'))
  const inTable = rows.flatMap((row) => named(row.split('|')[1] ?? ''))
  const notBuilt = named(support.slice(support.indexOf('\nNot built:')))
  expect(new Set(inTable)).toEqual(built)
  expect([...inTable, ...notBuilt].sort()).toEqual(operations.map(({ name }) => name).sort())
})
