import { expect, test } from '@jest/globals'
import { shapeOf } from '../../model/operations.ts'
import { checkRuntime, runtimeVersionArn } from './runtime.ts'

test.each(['nodejs26.x', 'python3.15', 'ruby4.0', 'java8.al2023', 'java11.al2023', 'java17.al2023'])(
  'the new runtime %s is supported',
  (runtime) => {
    expect(() => checkRuntime(runtime)).not.toThrow()
  },
)

test('each runtime of the model is either supported or said to be of the past', () => {
  const shape = shapeOf('Runtime')
  for (const runtime of 'enum' in shape ? (shape.enum ?? []) : []) {
    try {
      checkRuntime(runtime)
    } catch (error) {
      expect(String(error)).toMatch(/is no longer supported/)
    }
  }
})

test.each([
  ['eusc-de-east-1', 'aws-eusc'],
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['eu-central-1', 'aws'],
])('an ARN of %s is of the partition %s', (region, partition) => {
  expect(runtimeVersionArn(region, 'nodejs26.x')).toMatch(new RegExp(`^arn:${partition}:lambda:${region}::runtime:`))
})
