import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from '@jest/globals'
import { CreateAliasCommand, LambdaClient, ListTagsCommand, UntagResourceCommand } from '@aws-sdk/client-lambda'
import { sign } from './signature.ts'

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret', sessionToken: 'a token' }
const arn = 'arn:aws:lambda:eu-west-1:000000000000:function:name'

describe('signing raw requests', () => {
  test('an ARN in the path is signed as the SDK signs it', async () => {
    await expectSameSignature((client) => client.send(new ListTagsCommand({ Resource: arn })))
  })

  test('repeated query parameters are signed as the SDK signs them', async () => {
    await expectSameSignature((client) =>
      client.send(new UntagResourceCommand({ Resource: arn, TagKeys: ['b c', 'a'] })),
    )
  })

  test('a body is signed as the SDK signs it', async () => {
    await expectSameSignature((client) =>
      client.send(new CreateAliasCommand({ FunctionName: 'name', Name: 'live', FunctionVersion: '1' })),
    )
  })
})

interface Seen {
  readonly request: IncomingMessage
  readonly body: Buffer
}

/** Lets the SDK sign a request, then signs the same parts at the same time. */
async function expectSameSignature(call: (client: LambdaClient) => Promise<unknown>): Promise<void> {
  const { request, body } = await capture(call)
  const authorization = String(request.headers.authorization)
  const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? []
  const given = names.filter((name) => !['host', 'x-amz-date', 'x-amz-security-token'].includes(name))
  const headers = Object.fromEntries(given.map((name) => [name, String(request.headers[name])]))
  const url = new URL(request.url ?? '/', `http://${String(request.headers.host)}`)
  const signed = await sign(
    { method: request.method ?? '', url, headers, body },
    'eu-west-1',
    credentials,
    timeOf(request),
  )
  expect(signed['authorization']).toBe(authorization)
}

async function capture(call: (client: LambdaClient) => Promise<unknown>): Promise<Seen> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      seen.push({ request, body })
      response.end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const client = new LambdaClient({ endpoint, region: 'eu-west-1', credentials })
  try {
    await call(client)
  } finally {
    client.destroy()
    server.close()
  }
  const [first] = seen
  if (!first) throw new Error('the SDK sent nothing')
  return first
}

function timeOf(request: IncomingMessage): Date {
  const text = String(request.headers['x-amz-date'])
  return new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}
