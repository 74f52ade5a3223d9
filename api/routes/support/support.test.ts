import { expect, test } from '@jest/globals'
import { operations } from '../../model/operations.ts'
import { handlersOf, type HandlersDependencies } from '../handlers.ts'
import { support } from './support.ts'

test('the support table says of each operation of the model whether it is built', () => {
  expect(Object.keys(support).sort()).toEqual(operations.map(({ name }) => name).sort())
  // Handlers are only listed, never called.
  const built = Object.keys(handlersOf({} as unknown as HandlersDependencies)).sort()
  const said = Object.entries(support).filter(([, value]) => value !== 'no')
  expect(said.map(([name]) => name).sort()).toEqual(built)
})
