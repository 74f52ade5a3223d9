import { expect, test } from '@jest/globals'
import type { PolicyStatement, WrittenStatement } from '../function/attached-settings.ts'
import { allowsUrl, deniesUrl } from './url-permission.ts'

const account = '123456789012'
const written = (statement: Partial<WrittenStatement>): PolicyStatement => ({
  ...{ id: 's', action: '', principal: '' },
  written: { Effect: 'Allow', Principal: '*', Action: 'lambda:InvokeFunctionUrl', ...statement },
})
const auth = (value: string) => ({ StringEquals: { 'lambda:FunctionUrlAuthType': value } })

test.each<[string, Partial<WrittenStatement>, boolean]>([
  ['everybody', {}, true],
  ['a pattern of actions', { Action: ['lambda:Get*', 'lambda:invokefunction*'] }, true],
  ['another action', { Action: 'lambda:InvokeFunction' }, false],
  ['all actions but others', { NotAction: ['lambda:GetFunction'], Action: undefined } as object, true],
  ['the account', { Principal: { AWS: [`arn:aws:iam::${account}:root`] } }, true],
  ['another account', { Principal: { AWS: 'arn:aws:iam::999999999999:root' } }, false],
  ['a service', { Principal: { Service: 's3.amazonaws.com' } }, false],
  ['its auth type', { Condition: auth('AWS_IAM') }, true],
  ['another auth type', { Condition: auth('NONE') }, false],
  ['a source', { Condition: { ArnLike: { 'AWS:SourceArn': '*' } } }, false],
  ['what is not known here', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }, false],
])('a written statement for %s', (_case, statement, expected) => {
  expect(allowsUrl([written(statement)], { authType: 'AWS_IAM', accountId: account })).toBe(expected)
})

test('a denial outweighs what is allowed, also where its condition is not known', () => {
  const caller = { authType: 'AWS_IAM', accountId: account } as const
  const deny = written({ Effect: 'Deny', Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } })
  expect([allowsUrl([written({}), deny], caller), deniesUrl([deny], caller)]).toEqual([false, true])
  const others = written({ Effect: 'Deny', Condition: auth('NONE') })
  expect([allowsUrl([written({}), others], caller), deniesUrl([others], caller)]).toEqual([true, false])
})
