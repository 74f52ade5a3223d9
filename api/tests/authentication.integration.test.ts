import { execFile, spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  GetFunctionCommand,
  GetLayerVersionByArnCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  ListFunctionsCommand,
  ListTagsCommand,
  PublishLayerVersionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { sign } from '../../conformance/requests/signature.ts'
import { newDataFolder, startMain, startProgram, zipOf, type RunningServer } from '../testing/running-server.ts'

const run = promisify(execFile)
const own = { accessKeyId: 'AKIDOWN', secretAccessKey: 'own/secret+key' }
const foreign = { accessKeyId: 'AKIDFOREIGN', secretAccessKey: 'foreign' }
const keys = {
  [own.accessKeyId]: { secret: own.secretAccessKey },
  [foreign.accessKeyId]: { secret: foreign.secretAccessKey, account: '111111111111' },
}
const folder = mkdtempSync(join(tmpdir(), 'kubelambda-authentication-'))
const file = join(folder, 'credentials.json')
const data = newDataFolder()
let server: RunningServer
let client: LambdaClient

/** The file is replaced in one step, as a mounted Secret is. */
function keep(content: string): void {
  writeFileSync(`${file}.new`, content)
  renameSync(`${file}.new`, file)
}

function clientOf(
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
  region = 'us-east-1',
) {
  return new LambdaClient({ endpoint: server.address, region, credentials, maxAttempts: 1 })
}

const refusal = (name: string, message: string) => ({ name, message, $metadata: { httpStatusCode: 403 } })
const mismatch = refusal(
  'InvalidSignatureException',
  expect.stringMatching(/^The request signature we calculated/) as never,
)

beforeAll(async () => {
  keep(JSON.stringify(keys))
  server = await startMain(data, { KUBELAMBDA_CREDENTIALS_FILE: file })
  client = clientOf(own)
  const code =
    'exports.handler = async (event) => event.requestContext?.authorizer?.iam ?? event; exports.stream = awslambda.streamifyResponse(async (event, stream) => { stream.write(JSON.stringify(event)); stream.end() })'
  for (const [FunctionName, Handler] of [
    ['echo', 'index.handler'],
    ['stream', 'index.stream'],
  ] as const) {
    const Code = { ZipFile: await zipOf('index.js', code) }
    const Role = 'arn:aws:iam::000000000000:role/any'
    await client.send(new CreateFunctionCommand({ FunctionName, Role, Runtime: 'nodejs24.x', Handler, Code }))
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 20 }, { FunctionName })
  }
}, 60_000)

afterAll(async () => {
  await server.end('SIGTERM')
  for (const each of [folder, data]) rmSync(each, { recursive: true, force: true })
})

describe('the SDK for JavaScript, with a key of the server', () => {
  test('is authenticated, also with names in paths and queries that are encoded twice', async () => {
    const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: 'echo' }))
    const arn = Configuration?.FunctionArn ?? ''
    await client.send(new GetFunctionCommand({ FunctionName: arn, Qualifier: '$LATEST' }))
    await client.send(new TagResourceCommand({ Resource: arn, Tags: { 'a b/c+ä': 'x y', other: '1' } }))
    await client.send(new UntagResourceCommand({ Resource: arn, TagKeys: ['other', 'a b/c+ä', 'b+=c'] }))
    expect((await client.send(new ListTagsCommand({ Resource: arn }))).Tags).toEqual({})
    const Content = { ZipFile: await zipOf('a', 'b') }
    const layer = await client.send(new PublishLayerVersionCommand({ LayerName: 'l', Content }))
    const found = await client.send(new GetLayerVersionByArnCommand({ Arn: layer.LayerVersionArn }))
    expect(found.Version).toBe(1)
    const location = await fetch(found.Content?.Location ?? '')
    expect(location.status).toBe(200)
  })

  test('invokes with small and large payloads, with response streaming, and with a session token', async () => {
    const event = { text: 'ä'.repeat(1_500_000) }
    const { Payload } = await clientOf({ ...own, sessionToken: 'any/token==' }).send(
      new InvokeCommand({ FunctionName: 'echo', Payload: JSON.stringify(event), ClientContext: 'e30=' }),
    )
    expect(hash('sha256', Payload ?? '')).toBe(hash('sha256', JSON.stringify(event)))
    const streamed = await client.send(
      new InvokeWithResponseStreamCommand({ FunctionName: 'stream', Payload: '{"a":1}' }),
    )
    const pieces: Uint8Array[] = []
    for await (const { PayloadChunk } of streamed.EventStream ?? [])
      pieces.push(PayloadChunk?.Payload ?? new Uint8Array())
    expect(Buffer.concat(pieces).toString()).toBe('{"a":1}')
  })
})

describe('unauthenticated requests', () => {
  const list = new ListFunctionsCommand({})

  test("a wrong secret is 403 with AWS's message", async () => {
    await expect(clientOf({ ...own, secretAccessKey: 'wrong' }).send(list)).rejects.toMatchObject(mismatch)
  })

  test('an unknown key is an invalid security token', async () => {
    await expect(clientOf({ ...own, accessKeyId: 'AKIDOTHER' }).send(list)).rejects.toMatchObject(
      refusal('UnrecognizedClientException', 'The security token included in the request is invalid.'),
    )
  })

  test('a key of another account is not authorized', async () => {
    await expect(clientOf(foreign).send(list)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 403 },
    })
  })

  test('another region is named', async () => {
    await expect(clientOf(own, 'eu-west-1').send(list)).rejects.toMatchObject(
      refusal('InvalidSignatureException', "Credential should be scoped to a valid region, not 'eu-west-1'."),
    )
  })

  test.each(['/2015-03-31/functions', '/_kubelambda/events', '/nowhere'])(
    'a request to %s that is not signed lacks its token, also with a body',
    async (path) => {
      for (const method of ['GET', 'POST']) {
        const answer = await fetch(server.address + path, { method, ...(method === 'POST' ? { body: '{}' } : {}) })
        expect([answer.status, answer.headers.get('x-amzn-errortype'), await answer.text()]).toEqual([
          403,
          'MissingAuthenticationTokenException',
          '{"message":"Missing Authentication Token"}',
        ])
      }
    },
  )

  test('/health needs no authentication', async () => {
    expect((await fetch(`${server.address}/health`)).status).toBe(200)
  })

  test("the operators' API accepts the account's keys", async () => {
    const url = new URL('/_kubelambda/events?limit=5', server.address)
    const parts = { method: 'GET', url, headers: {}, body: Buffer.alloc(0) }
    const headers = await sign(parts, 'us-east-1', own, new Date())
    expect((await fetch(url, { headers })).status).toBe(200)
  })
})

describe('a function URL', () => {
  async function urlOf(FunctionName: string, AuthType: 'AWS_IAM' | 'NONE'): Promise<URL> {
    const { FunctionUrl } = await client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType }))
    return new URL(FunctionUrl ?? '')
  }

  async function call(url: URL, credentials?: typeof own, body = '', tampered = body) {
    const headers = { 'content-type': 'application/json' }
    const parts = { method: 'POST', url, headers, body: Buffer.from(body) }
    const signed = credentials
      ? await sign(parts, 'us-east-1', credentials, new Date())
      : { ...headers, host: url.host }
    const { port } = new URL(server.address)
    return new Promise<{ status: number | undefined; type: unknown; body: string }>((resolve, reject) => {
      const path = url.pathname + url.search
      request({ host: '127.0.0.1', port, method: 'POST', path, headers: signed }, (answer) => {
        const seen = { status: answer.statusCode, type: answer.headers['x-amzn-errortype'] }
        text(answer).then((read) => resolve({ ...seen, body: read }), reject)
      })
        .on('error', reject)
        .end(tampered)
    })
  }
  const forbidden = {
    status: 403,
    type: 'AccessDeniedException',
    body: expect.stringContaining('"Message":"Forbidden. '),
  }

  test('with AWS_IAM accepts requests whose path, query and body are signed, and tells the function the caller', async () => {
    const url = await urlOf('echo', 'AWS_IAM')
    const odd = new URL('a%20b/ä/./x?q=a%2Bb&multi=2&multi=1&plain', url)
    const answer = await call(odd, own, '{"a":1}')
    expect(JSON.parse(answer.body)).toMatchObject({
      accessKey: own.accessKeyId,
      accountId: '000000000000',
      userArn: 'arn:aws:iam::000000000000:root',
    })
    expect(await call(url)).toEqual(forbidden)
    expect(await call(url, { ...own, secretAccessKey: 'wrong' })).toMatchObject({
      status: 403,
      type: 'InvalidSignatureException',
      body: expect.stringMatching(/^\{"message":"The request signature we calculated/),
    })
    expect(await call(url, own, '{"a":1}', '{"a":2}')).toMatchObject({ status: 403, type: 'InvalidSignatureException' })
    expect(await call(url, { ...own, accessKeyId: 'AKIDOTHER' })).toMatchObject({ type: 'UnrecognizedClientException' })
    expect(await call(url, foreign)).toEqual(forbidden)
    const statement = { FunctionName: 'echo', StatementId: 'other', Action: 'lambda:InvokeFunctionUrl' }
    await client.send(
      new AddPermissionCommand({ ...statement, Principal: '111111111111', FunctionUrlAuthType: 'AWS_IAM' }),
    )
    expect(JSON.parse((await call(url, foreign)).body)).toMatchObject({ accountId: '111111111111' })
  })

  test('with NONE is public once the policy allows it', async () => {
    const url = await urlOf('stream', 'NONE')
    expect(await call(url)).toEqual(forbidden)
    const statement = { FunctionName: 'stream', StatementId: 'all', Action: 'lambda:InvokeFunctionUrl', Principal: '*' }
    await client.send(new AddPermissionCommand({ ...statement, FunctionUrlAuthType: 'NONE' }))
    expect((await call(url)).status).toBe(200)
  })
})

/** Tests that need an installed program. */
function whereThereIs(program: string, args: readonly string[], otherwise: string) {
  const isThere = spawnSync(program, args).status === 0
  return isThere ? { test, word: '' } : { test: test.skip, word: ` (skipped: ${otherwise})` }
}

describe('other SDKs', () => {
  const env = {
    ...process.env,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: own.accessKeyId,
    AWS_SECRET_ACCESS_KEY: own.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const python = (code: string) => run('python3', ['-c', code], { env: { ...env, ENDPOINT: server.address } })

  const withBoto3 = whereThereIs('python3', ['-c', 'import boto3'], 'python3 has no boto3')
  withBoto3.test(`boto3 signs headers and queries as the server reads them${withBoto3.word}`, async () => {
    const { stdout } = await python(`
import boto3, json, os, urllib.request
c = boto3.client('lambda', endpoint_url=os.environ['ENDPOINT'])
arn = c.get_function(FunctionName='echo')['Configuration']['FunctionArn']
c.tag_resource(Resource=arn, Tags={'k e/y': 'v'})
c.untag_resource(Resource=arn, TagKeys=['k e/y', 'other+'])
c.list_functions(MaxItems=2)
c.invoke(FunctionName=arn, Qualifier='$LATEST', Payload=json.dumps({'a': 'ä'}), ClientContext='e30=', LogType='Tail')
url = c.generate_presigned_url('invoke', Params={'FunctionName': arn}, ExpiresIn=900, HttpMethod='POST')
print(urllib.request.urlopen(urllib.request.Request(url, method='POST')).status)
try: urllib.request.urlopen(urllib.request.Request(url, data=b'{}', method='POST'))
except urllib.error.HTTPError as e: print(e.code, e.headers['x-amzn-errortype'])
`)
    expect(stdout).toBe('200\n403 InvalidSignatureException\n')
  })

  const withCli = whereThereIs('aws', ['--version'], 'aws is not on the PATH')
  withCli.test(`the AWS CLI calls and invokes${withCli.word}`, async () => {
    const aws = (...words: string[]) => run('aws', ['lambda', '--endpoint-url', server.address, ...words], { env })
    const out = join(folder, 'out.json')
    await aws('list-functions', '--max-items', '1')
    await aws('invoke', '--function-name', 'echo:$LATEST', '--payload', '{}', out)
    expect(existsSync(out)).toBe(true)
  })
})

describe('the file of keys', () => {
  const fresh = { accessKeyId: 'AKIDFRESH', secretAccessKey: 'fresh' }
  const list = new ListFunctionsCommand({})
  const until = async (condition: () => Promise<boolean>) => {
    const deadline = Date.now() + 20_000
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error('the condition did not come true')
      await delay(20)
    }
  }

  test('is read again when it changes; one that is broken leaves the keys as they were and is logged without them', async () => {
    const may = (credentials: typeof own) =>
      clientOf(credentials)
        .send(list)
        .then(
          () => true,
          () => false,
        )
    keep(JSON.stringify({ ...keys, [fresh.accessKeyId]: { secret: fresh.secretAccessKey } }))
    await until(() => may(fresh))
    keep('{"AKIDFRESH": {"secret": "leaked')
    await until(() => Promise.resolve(server.output().includes('stay in force')))
    expect(await may(fresh)).toBe(true)
    rmSync(file)
    await until(() => Promise.resolve(server.output().includes('cannot be read (ENOENT)')))
    expect(await may(own)).toBe(true)
    keep(JSON.stringify(keys))
    await until(async () => !(await may(fresh)))
    expect(await may(own)).toBe(true)
    expect(server.output()).not.toMatch(/leaked|fresh|own\/secret/)
  })

  test.each([
    ['is missing', undefined],
    ['is not JSON', '{"AKID": {"secret": "hidden"'],
    ['holds no key', '{}'],
    ['holds a key without a secret', '{"AKID": {"account": "000000000000"}}'],
    ['holds an account that is none', '{"AKID": {"secret": "hidden", "account": "12"}}'],
    ['is of another form', '{"AKID": "hidden"}'],
  ])('that %s ends the start with one line that names it', async (_case, content) => {
    const path = join(folder, 'start.json')
    rmSync(path, { force: true })
    if (content !== undefined) writeFileSync(path, content)
    const settings = { KUBELAMBDA_DATA: join(folder, 'data'), KUBELAMBDA_CREDENTIALS_FILE: path }
    const { exited, output } = startProgram(settings)
    expect(await exited).not.toBe(0)
    expect(output()).toMatch(/^kubelambda: KUBELAMBDA_CREDENTIALS_FILE: [^\n]+\n$/)
    expect(output()).not.toContain('hidden')
  })
})

describe('the start', () => {
  test.each([
    ['127.0.0.1', /INFO Any signature is accepted, since KUBELAMBDA_CREDENTIALS_FILE is not set/],
    ['0.0.0.0', /WARN ANYBODY WHO REACHES THIS SERVER CAN RUN CODE ON IT/],
  ])('without keys on %s says who may call', async (host, line) => {
    const other = newDataFolder()
    const open = await startMain(other, { KUBELAMBDA_HOST: host })
    expect(open.output()).toMatch(line)
    await open.end('SIGTERM')
    rmSync(other, { recursive: true, force: true })
  })

  test('with keys says how many there are', () => {
    expect(server.output()).toContain(`Signatures are verified with the 2 access keys of ${file}.`)
  })
})
