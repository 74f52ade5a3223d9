import { expect, test } from '@jest/globals'
import type { PolicyStatement } from '../function/attached-settings.ts'
import { allowsUrl } from './url-permission.ts'

const all: PolicyStatement = { id: 's', action: 'lambda:InvokeFunctionUrl', principal: '*', urlAuthType: 'NONE' }
const anybody = { authType: 'NONE' } as const
const account = { authType: 'AWS_IAM', accountId: '111111111111' } as const

test.each<[string, PolicyStatement]>([
  ['names everybody', all],
  ['has no condition', { id: 's', action: 'lambda:InvokeFunctionUrl', principal: '*' }],
  ['allows every action of Lambda', { ...all, action: 'lambda:*' }],
  ['is for calls through URLs', { ...all, isViaUrl: true }],
])('a policy that %s lets everybody call a public URL', (_about, statement) => {
  expect(allowsUrl([statement], anybody)).toBe(true)
})

test.each<[string, PolicyStatement]>([
  ['is about another action', { ...all, action: 'lambda:InvokeFunction' }],
  ['names an account', { ...all, principal: '111111111111' }],
  ['is for signed calls', { ...all, urlAuthType: 'AWS_IAM' }],
  ['wants a source', { ...all, sourceArn: 'arn:aws:s3:::b' }],
  ['wants an account as source', { ...all, sourceAccount: '111111111111' }],
  ['wants an organization', { ...all, organizationId: 'o-1' }],
  ['is for calls that no URL makes', { ...all, isViaUrl: false }],
])('a policy that %s lets nobody call a public URL', (_about, statement) => {
  expect(allowsUrl([statement], anybody)).toBe(false)
  expect(allowsUrl([], anybody)).toBe(false)
})

test('another account may call when the policy names it, its root, or everybody', () => {
  const signed = { ...all, urlAuthType: 'AWS_IAM' }
  for (const principal of ['111111111111', 'arn:aws:iam::111111111111:root', '*']) {
    expect(allowsUrl([{ ...signed, principal }], account)).toBe(true)
  }
  for (const principal of ['222222222222', 'arn:aws:iam::111111111111:user/u', 's3.amazonaws.com']) {
    expect(allowsUrl([{ ...signed, principal }], account)).toBe(false)
  }
  expect(allowsUrl([all], account)).toBe(false)
})
