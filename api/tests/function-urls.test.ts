import { execFile } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  GetFunctionUrlConfigCommand,
  ListFunctionUrlConfigsCommand,
  UpdateFunctionUrlConfigCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../testing/running-server.ts'

const run = promisify(execFile)
const data = newDataFolder()
const FunctionName = 'page'
let server: RunningServer
let url: string

const start = (settings: Record<string, string> = {}) => startMain(data, settings)
const configOf = ({ client }: RunningServer) => client.send(new GetFunctionUrlConfigCommand({ FunctionName }))

beforeAll(async () => {
  server = await start()
  const { client } = server
  const code = 'exports.handler = async ({ rawPath, requestContext: { http } }) => `${http.method} ${rawPath}`'
  const Code = { ZipFile: await zipOf('index.js', code) }
  const members = { Runtime: 'nodejs24.x', Handler: 'index.handler', Role: 'arn:aws:iam::000000000000:role/r' } as const
  await client.send(new CreateFunctionCommand({ FunctionName, Code, ...members }))
  await waitUntilFunctionActiveV2({ client, maxWaitTime: 20 }, { FunctionName })
  const everybody = { StatementId: 'all', Action: 'lambda:InvokeFunctionUrl', Principal: '*' }
  await client.send(new AddPermissionCommand({ FunctionName, ...everybody, FunctionUrlAuthType: 'NONE' }))
  const created = await client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' }))
  url = created.FunctionUrl ?? ''
}, 60_000)

afterAll(async () => {
  await server.end('SIGTERM')
  rmSync(data, { recursive: true, force: true })
})

test('a function URL is a path on the address that its caller used, in every answer', async () => {
  const { client, address } = server
  expect(url).toMatch(new RegExp(String.raw`^${address}/_kubelambda/url/[a-z0-9]{32}/$`))
  const updated = await client.send(new UpdateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' }))
  const { FunctionUrlConfigs: [listed] = [] } = await client.send(new ListFunctionUrlConfigsCommand({ FunctionName }))
  expect([updated.FunctionUrl, listed?.FunctionUrl, (await configOf(server)).FunctionUrl]).toEqual([url, url, url])
})

const isThere = (program: string) =>
  (process.env['PATH'] ?? '').split(':').some((path) => existsSync(`${path}/${program}`))
const python = 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode(), end="")'

test.each([
  ['python3', ['-c', python]],
  ['wget', ['-qO-']],
  ['curl', ['-s']],
  [process.execPath, ['-e', 'fetch(process.argv[1]).then((r) => r.text()).then((t) => process.stdout.write(t))']],
])('%s calls the function URL as it stands', async (program, words) => {
  if (program !== process.execPath && !isThere(program)) return
  expect((await run(program, [...words, `${url}a%20b`])).stdout).toBe('GET /a%20b')
})

/** Sends a request by the address, with another host. */
async function getAs(host: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(server.address, { path, headers: { host } }, (answer) => void text(answer).then(resolve, reject))
      .on('error', reject)
      .end()
  })
}

test('function URLs have the configured host; the path form still works, also on the host without it', async () => {
  const id = new URL(url).pathname.split('/').at(-2) ?? ''
  const name = `${id}.lambda-url.us-east-1.localhost:9000`
  expect(await getAs(name, '/x')).toBe('GET /x')
  await server.end('SIGTERM')
  server = await start({ KUBELAMBDA_URL_HOST: 'localhost:9000' })
  expect((await configOf(server)).FunctionUrl).toBe(`http://${name}/`)
  expect(await getAs(name, '/x')).toBe('GET /x')
  expect(await getAs('127.0.0.1', `${new URL(url).pathname}x`)).toBe('GET /x')
}, 60_000)
