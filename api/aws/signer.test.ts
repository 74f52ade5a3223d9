import { hash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { createVerifier } from '../authentication/verifier.ts'
import { createSigner } from './signer.ts'

const [accessKeyId, secret, accountId, region] = ['AKIDEXAMPLE', 'sécret', '000000000000', 'us-east-1']
const scope = { service: 'lambda', region }
const address = 'http://127.0.0.1:4566/v1/clusters/arn%3Aaws%3Akafka%3Acluster%2Fc/brokers'
const verifier = createVerifier({
  credentials: { find: () => ({ accessKeyId, secret, accountId }) },
  region,
  now: Date.now,
})
const signer = createSigner({
  credentials: async () => ({ accessKeyId, secretAccessKey: secret, sessionToken: 'a/session+token=' }),
  now: Date.now,
})

test('signed headers pass verification, also with an encoded path', async () => {
  const [url, headers, body] = [new URL(address), { 'x-amz-target': 'Some.Thing' }, '{"a":1}']
  const signed = await signer.signHeaders(scope, { method: 'POST', url, headers, body })
  const request = { method: 'POST', url: url.pathname, rawHeaders: Object.entries(signed).flat() }
  expect(signed).toMatchObject({ ...headers, host: '127.0.0.1:4566', 'x-amz-security-token': 'a/session+token=' })
  expect(verifier.begin(request).verify(hash('sha256', body))).toEqual({ accessKeyId, accountId })
})

test('a presigned URL passes verification, also with a query of its own', async () => {
  const signed = new URL(await signer.signAddress(scope, new URL('http://127.0.0.1:4566/?b=x%3Ay&a=z'), 60))
  const request = { method: 'GET', url: `${signed.pathname}${signed.search}`, rawHeaders: ['Host', signed.host] }
  expect(signed.searchParams.get('b')).toBe('x:y')
  expect(verifier.begin(request).verify(hash('sha256', ''))).toEqual({ accessKeyId, accountId })
})
