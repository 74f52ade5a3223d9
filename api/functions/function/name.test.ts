import { describe, expect, test } from '@jest/globals'
import { LambdaError } from '../../errors.ts'
import { parseFunctionName, parseUnqualifiedName } from './name.ts'

const home = { accountId: '000000000000', region: 'us-east-1' }
const arn = 'arn:aws:lambda:us-east-1:000000000000:function'

function refusal(action: () => unknown): LambdaError {
  try {
    action()
  } catch (error) {
    if (error instanceof LambdaError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('a function name', () => {
  test.each([
    ['f', undefined, { name: 'f' }],
    ['f', '1', { name: 'f', qualifier: '1' }],
    ['f:prod', undefined, { name: 'f', qualifier: 'prod' }],
    ['f:prod', 'prod', { name: 'f', qualifier: 'prod' }],
    ['f:$LATEST', undefined, { name: 'f', qualifier: '$LATEST' }],
    ['function:f', undefined, { name: 'f' }],
    ['000000000000:function:f', undefined, { name: 'f' }],
    ['000000000000:function:f:2', undefined, { name: 'f', qualifier: '2' }],
    ['000000000000:f', undefined, { name: 'f' }],
    ['us-east-1:000000000000:function:f', undefined, { name: 'f' }],
    [`${arn}:f`, undefined, { name: 'f' }],
    [`${arn}:f:prod`, undefined, { name: 'f', qualifier: 'prod' }],
    [arn, undefined, { name: 'function' }],
  ])('%s with qualifier %s is %j', (text, qualifier, reference) => {
    expect(parseFunctionName(text, qualifier, home)).toEqual(reference)
  })

  test('with another qualifier than the one beside it is refused', () => {
    expect(refusal(() => parseFunctionName('f:1', '2', home))).toMatchObject({
      name: 'InvalidParameterValueException',
      message: 'The derived qualifier from the function name does not match the specified qualifier.',
    })
  })

  test('of another region is not reachable', () => {
    expect(
      refusal(() => parseFunctionName(arn.replace('us-east-1', 'eu-west-1') + ':f', undefined, home)),
    ).toMatchObject({
      status: 404,
      message: "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    })
  })

  test('of another account is forbidden without a word', () => {
    const text = '111111111111:function:f'
    const expected = { name: 'AccessDeniedException', status: 403, message: '', members: {} }
    expect(refusal(() => parseFunctionName(text, undefined, home))).toMatchObject(expected)
  })

  test.each(['invalid:function:name', '000000000000@function:f', '', 'f:1:2', 'f:a b'])(
    '%j matches no form',
    (text) => {
      expect(refusal(() => parseFunctionName(text, undefined, home)).name).toBe('ValidationException')
    },
  )

  test('with a version is refused where only functions are meant', () => {
    expect(parseUnqualifiedName('f:$LATEST', home)).toBe('f')
    expect(refusal(() => parseUnqualifiedName('f:1', home)).message).toMatch(/^This operation is permitted on Lambda/)
  })
})
