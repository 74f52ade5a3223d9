import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Skipped, type Area } from '../../case/case.ts'
import type { RawResponse, Signing } from '../../requests/raw-request.ts'
import { presign } from '../../requests/signature.ts'
import type { CaseContext } from '../../case/case-context.ts'

const settings = '/2016-08-19/account-settings'
const wrong = { secretAccessKey: 'this secret belongs to nobody' }
const minutes = (count: number): number => count * 60_000

/** Who may call: signatures that are missing, wrong, old, of somebody else. */
export const authentication: Area = {
  name: 'authentication',
  cases: [
    {
      name: 'a request that is not signed lacks its authentication token',
      run: async (lambda) => {
        await skipWhereAnySignatureIsAccepted(lambda)
        const answer = await ask(lambda, { isMissing: true })
        isRefused(answer, 'MissingAuthenticationTokenException', 'Missing Authentication Token')
      },
    },
    {
      name: 'a signature with another secret is invalid',
      run: async (lambda) => {
        await skipWhereAnySignatureIsAccepted(lambda)
        isRefused(await ask(lambda, { credentials: wrong }), 'InvalidSignatureException', mismatch)
      },
    },
    {
      name: 'a signature over another body is invalid, without any effect',
      run: async (lambda) => {
        await skipWhereAnySignatureIsAccepted(lambda)
        const name = await lambda.create('hello-node')
        const path = `/2015-03-31/functions/${name}/aliases`
        const body = JSON.stringify({ Name: 'live', FunctionVersion: '$LATEST' })
        const answer = await lambda.raw({ method: 'POST', path, body, signing: { body: '{}' } })
        isRefused(answer, 'InvalidSignatureException', mismatch)
        assert.deepEqual((await lambda.raw({ method: 'GET', path })).json, { Aliases: [] })
      },
    },
    {
      name: 'an access key that is unknown is an invalid security token',
      run: async (lambda) => {
        await skipWhereAnySignatureIsAccepted(lambda)
        const accessKeyId = `AKIA${randomBytes(8).toString('hex').toUpperCase()}`
        const answer = await ask(lambda, { credentials: { accessKeyId } })
        isRefused(answer, 'UnrecognizedClientException', 'The security token included in the request is invalid.')
      },
    },
    {
      name: 'a signature is valid for five minutes before and after its time',
      run: async (lambda) => {
        await skipWhereAnySignatureIsAccepted(lambda)
        for (const count of [-4, 4]) {
          const answer = await ask(lambda, { date: new Date(Date.now() + minutes(count)) })
          assert.equal(answer.status, 200, answer.text)
        }
        const old = await ask(lambda, { date: new Date(Date.now() - minutes(6)) })
        isRefused(
          old,
          'InvalidSignatureException',
          /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/,
        )
        const early = await ask(lambda, { date: new Date(Date.now() + minutes(6)) })
        isRefused(
          early,
          'InvalidSignatureException',
          /^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 5 min\.\)$/,
        )
      },
    },
    {
      name: 'a signature for another region names it',
      run: async (lambda) => {
        await skipWhereAnySignatureIsAccepted(lambda)
        const region = lambda.target.region === 'eu-west-1' ? 'us-east-1' : 'eu-west-1'
        const text = new RegExp(`^Credential should be scoped to a valid region, not '${region}'\\.`)
        isRefused(await ask(lambda, { region }), 'InvalidSignatureException', text)
      },
    },
    {
      name: 'a signature in the query is accepted, and refused when altered',
      run: async (lambda) => {
        const url = new URL(`${settings}?a=b%20c`, lambda.target.endpoint)
        const credentials = await lambda.target.client.config.credentials()
        const parts = { method: 'GET', url, body: Buffer.alloc(0) }
        const path = await presign(parts, lambda.target.region, credentials, { now: new Date(), seconds: 60 })
        const get = (asked: string) =>
          lambda.raw({ method: 'GET', path: asked, headers: {}, signing: { isMissing: true } })
        const answer = await get(path)
        assert.equal(answer.status, 200, answer.text)
        await skipWhereAnySignatureIsAccepted(lambda)
        isRefused(await get(path.replace('a=b', 'a=c')), 'InvalidSignatureException', mismatch)
      },
    },
  ],
}

const mismatch = /^The request signature we calculated does not match the signature you provided\. /

function ask(lambda: CaseContext, signing: Signing): Promise<RawResponse> {
  return lambda.raw({ method: 'GET', path: settings, signing })
}

/** An endpoint for tests may take everybody for its owner. */
export async function skipWhereAnySignatureIsAccepted(lambda: CaseContext): Promise<void> {
  const { status } = await ask(lambda, { credentials: wrong })
  if (status === 200) throw new Skipped('the endpoint accepts any signature')
}

function isRefused({ status, headers, json }: RawResponse, type: string, message: string | RegExp): void {
  const text = String((json as { message?: unknown } | undefined)?.message)
  assert.deepEqual([status, headers['x-amzn-errortype']], [403, type], text)
  if (typeof message === 'string') assert.equal(text, message)
  else assert.match(text, message)
}
