import { expect, test } from '@jest/globals'
import { advanceLineage, maxCallsInChain } from './lineage.ts'

const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0'
const arn = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`

/** The header after so many calls in a chain. */
function after(calls: number, name: string, start = trace): string {
  let header = start
  for (let call = 0; call < calls; call++) ({ header } = advanceLineage(header, arn(name)))
  return header
}

test('a call is counted in the header, in AWS’s form, and the rest of it stays', () => {
  expect(after(1, 'f')).toMatch(new RegExp(`^${trace};Lineage=[0-9a-f]{8}:0$`))
  expect(after(3, 'f')).toMatch(/;Lineage=[0-9a-f]{8}:2$/)
})

test('the seventeenth call of a function in one chain is the first with sixteen before it', () => {
  expect(advanceLineage(after(15, 'f'), arn('f')).callsBefore).toBe(15)
  expect(advanceLineage(after(16, 'f'), arn('f')).callsBefore).toBe(maxCallsInChain)
})

test('functions of one chain are counted apart, versions and aliases of one together', () => {
  const header = after(2, 'g', after(3, 'f:live'))
  expect(advanceLineage(header, arn('f')).callsBefore).toBe(3)
  expect(advanceLineage(header, arn('g:1')).callsBefore).toBe(2)
  expect(header.match(/Lineage/g)).toHaveLength(1)
})

test('a lineage that is no lineage counts nothing', () => {
  expect(advanceLineage(`${trace};Lineage=x|:|;y`, arn('f')).callsBefore).toBe(0)
})
