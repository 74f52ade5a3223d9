import { expect, test } from '@jest/globals'
import { checkLayerReferences } from './references.ts'

const home = { accountId: '000000000000', region: 'us-east-1' }
const layer = (name: string, version: number, region = 'us-east-1') =>
  `arn:aws:lambda:${region}:000000000000:layer:${name}:${version}`

test.each([
  [[1, 2, 3, 4, 5, 6].map((number) => layer(`l${number}`, 1)), 'Cannot reference more than 5 layers.'],
  [
    [1, 2, 3, 4, 5, 6].map((number) => layer(`l${number}`, 1, 'eu-west-1')),
    'Layers are not in the same region as the function. Layers are expected to be in region us-east-1.',
  ],
  [
    [layer('a', 1, 'eu-west-1')],
    'Layers are not in the same region as the function. Layers are expected to be in region us-east-1.',
  ],
  [
    [layer('a', 1), layer('a', 2)],
    'Two different versions of the same layer are not allowed to be referenced in the same function. ' +
      `${layer('a', 1)} and ${layer('a', 2)} are versions of the same layer.`,
  ],
])('a list of layers that AWS refuses is refused in its words (%#)', (arns, message) => {
  expect(() => checkLayerReferences(arns, home)).toThrow(message)
})

test('layers of AWS itself have no region, and each is referenced once', () => {
  const [one, other] = ['arn:aws:lambda:::awslayer:One', 'arn:aws:lambda:::awslayer:Other']
  expect(() => checkLayerReferences([one, other, layer('a', 1)], home)).not.toThrow()
  expect(() => checkLayerReferences([one, one], home)).toThrow('Two different versions of the same layer')
})

test('five different layers may be referenced', () => {
  expect(() =>
    checkLayerReferences(
      [1, 2, 3, 4, 5].map((number) => layer(`l${number}`, 1)),
      home,
    ),
  ).not.toThrow()
})
