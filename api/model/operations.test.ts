import { expect, test } from '@jest/globals'
import { followedModel, operation, operations, shapeOf, structureOf } from './operations.ts'
import type { Shape } from './operations.ts'

test('the model that is followed is that of 2026-10-01, with 88 operations', () => {
  expect(followedModel).toEqual({ apiVersion: '2015-03-31', date: '2026-10-01' })
  expect(operations).toHaveLength(88)
  // What the model of a year before does not have.
  expect(operation('PutResourcePolicy').path).toBe('/2026-07-09/resource-policy/{ResourceArn}')
  expect(shapeOf('Runtime')).toMatchObject({ enum: expect.arrayContaining(['nodejs26.x', 'python3.15']) as object })
})

test('every operation has its own method, path and query', () => {
  const places = operations.map(({ method, path, query }) => JSON.stringify([method, path, query]))
  expect(new Set(places).size).toBe(88)
})

test('an operation that shares its path is told apart by its query', () => {
  expect(operation('GetLayerVersionByArn').query).toEqual({ find: 'LayerVersion' })
  expect(operation('ListProvisionedConcurrencyConfigs').query).toEqual({ List: 'ALL' })
  expect(operation('ListLayers').query).toBeUndefined()
})

test.each(operations)('every label of $name is a required member of its input', ({ path, input }) => {
  const { members, required } = structureOf(input)
  const labels = [...path.matchAll(/\{(\w+)\}/g)].map(([, label]) => label)
  const inPath = Object.keys(members).filter((name) => members[name]?.location === 'uri')
  expect(inPath.toSorted()).toEqual(labels.toSorted())
  expect(required).toEqual(expect.arrayContaining(inPath))
})

test('every shape that a shape names is there', () => {
  const seen = new Set<string>()
  const visit = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    for (const inner of namesIn(shapeOf(name))) visit(inner)
  }
  for (const { input, output } of operations) for (const name of [input, output]) if (name !== undefined) visit(name)
  expect(seen.size).toBeGreaterThan(400)
})

function namesIn(shape: Shape): string[] {
  if (shape.type === 'structure') return Object.values(shape.members).map((member) => member.shape)
  if (shape.type === 'list') return [shape.member]
  return shape.type === 'map' ? [shape.key, shape.value] : []
}

test('a shape that the model does not have is an error that names it', () => {
  expect(() => shapeOf('Nothing')).toThrow('lambda.json has no shape Nothing')
})
