import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { operations } from '../../model/operations.ts'
import { handlersOf, type HandlersDependencies } from '../handlers.ts'
import { withSupportTable } from './support-table.ts'
import { support } from './support.ts'

const page = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8')

test('the support table says of each operation of the model whether it is built', () => {
  expect(Object.keys(support).sort()).toEqual(operations.map(({ name }) => name).sort())
  // Handlers are only listed, never called.
  const built = Object.keys(handlersOf({} as unknown as HandlersDependencies)).sort()
  const said = Object.entries(support).filter(([, value]) => value !== 'no')
  expect(said.map(([name]) => name).sort()).toEqual(built)
})

test('docs/compatibility.md holds the table as `npm run support` writes it', () => {
  expect(page).toBe(withSupportTable(page))
})
