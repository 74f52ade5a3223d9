import { spawnSync } from 'node:child_process'
import { expect, test } from '@jest/globals'
import { MissingCredentials } from '../../../aws/credentials.ts'
import { createSignedServices, type SignedServicesParts } from '../../../aws/signed-services.ts'
import { iamToken } from './iam-token.ts'

const time = '20260102T030405Z'
const [key, region] = [{ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCY' }, 'eu-west-1']

/** The signature of AWS's Python library at that time, called as its MSK signer does. */
const botocore = `
import datetime, json, sys
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
asked = json.load(sys.stdin)
time = datetime.datetime.strptime(asked["time"], "%Y%m%dT%H%M%SZ")
botocore.auth.get_current_datetime = lambda *_, **__: time
key = Credentials(asked["accessKeyId"], asked["secretAccessKey"], asked.get("sessionToken"))
url = "https://kafka.%s.amazonaws.com/" % asked["region"]
request = AWSRequest(method="GET", url=url, params={"Action": "kafka-cluster:Connect"})
botocore.auth.SigV4QueryAuth(key, "kafka-cluster", asked["region"], expires=900).add_auth(request)
print(request.url)
`
const hasBotocore = spawnSync('python3', ['-c', 'import botocore.auth']).status === 0
const withBotocore = hasBotocore ? test.each : test.skip.each
const skipped = hasBotocore ? '' : ' (skipped: there is no python3 with botocore)'

const tokenBy = (credentials: SignedServicesParts['credentials']) => {
  const now = () => Date.parse('2026-01-02T03:04:05.678Z')
  return iamToken(createSignedServices({ endpoints: {}, credentials, now }), region)
}
const addressIn = (token: string) => new URL(Buffer.from(token, 'base64url').toString())
const partsOf = ({ origin, pathname, searchParams }: URL) => [`${origin}${pathname}`, [...searchParams].sort()]

withBotocore([
  ['of a user', key],
  ['of a role, whose session has a token', { ...key, sessionToken: 'IQoJb3JpZ2luX2VjE+/Ag==' }],
])(`a token %s is what botocore signs${skipped}`, async (_, credentials) => {
  const input = JSON.stringify({ ...credentials, region, time })
  const { stdout } = spawnSync('python3', ['-c', botocore], { input })
  const token = await tokenBy(async () => credentials)
  const address = addressIn(token)
  expect(token).toMatch(/^[\w-]+$/)
  expect(address.searchParams.get('User-Agent')).toBe('kubelambda')
  address.searchParams.delete('User-Agent')
  expect(partsOf(address)).toEqual(partsOf(new URL(String(stdout))))
})

test('a token names the cluster’s region, and is valid for 15 minutes', async () => {
  const { host, pathname, searchParams } = addressIn(await tokenBy(async () => key))
  expect([host, pathname]).toEqual(['kafka.eu-west-1.amazonaws.com', '/'])
  expect(Object.fromEntries(searchParams)).toMatchObject({
    Action: 'kafka-cluster:Connect',
    'X-Amz-Credential': 'AKIDEXAMPLE/20260102/eu-west-1/kafka-cluster/aws4_request',
    'X-Amz-Date': time,
    'X-Amz-Expires': '900',
    'X-Amz-SignedHeaders': 'host',
  })
})

test('without credentials there is no token, and the error names what is missing', async () => {
  const cause = new Error('Could not load credentials from any providers')
  await expect(tokenBy(() => Promise.reject(cause))).rejects.toEqual(
    new MissingCredentials(
      'No AWS credentials are found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the server a role.',
      { cause },
    ),
  )
})
