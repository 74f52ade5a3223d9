import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  ListFunctionsCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../testing/running-server.ts'

const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (program) => spawnSync(program, ['--version']).status === 0,
)
const inBrowser = chromium === undefined ? describe.skip : describe
if (chromium === undefined) process.stderr.write('Tests in a browser are skipped: Chromium is not installed.\n')

const Role = 'arn:aws:iam::000000000000:role/any'
const code = 'exports.handler = async () => "from the function"'
let server: RunningServer
let functionUrl = ''

beforeAll(async () => {
  if (chromium === undefined) return
  server = await startMain(newDataFolder())
  const { client } = server
  const [FunctionName, FunctionUrlAuthType] = ['public', 'NONE'] as const
  const Code = { ZipFile: await zipOf('index.js', code) }
  await client.send(
    new CreateFunctionCommand({ FunctionName, Role, Runtime: 'nodejs24.x', Handler: 'index.handler', Code }),
  )
  await waitUntilFunctionActiveV2({ client, maxWaitTime: 20 }, { FunctionName })
  const Cors = { AllowOrigins: ['*'], AllowMethods: ['POST'] }
  const config = await client.send(
    new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: FunctionUrlAuthType, Cors }),
  )
  functionUrl = config.FunctionUrl ?? ''
  const permission = { StatementId: 'all', Action: 'lambda:InvokeFunctionUrl', Principal: '*', FunctionUrlAuthType }
  await client.send(new AddPermissionCommand({ FunctionName, ...permission }))
}, 60_000)

afterAll(async () => {
  if (chromium !== undefined) await server.end('SIGTERM')
})

/**
 * Opens a page in Chromium that runs the script, an async function's body, and resolves with what it returns. `host` is the
 * page's; every name under `.example` leads to this machine, as an attacker's DNS can.
 */
async function inPage(host: string, script: string): Promise<unknown> {
  const profile = mkdtempSync(join(tmpdir(), 'kubelambda-chromium-'))
  const done = Promise.withResolvers<unknown>()
  const pages = createServer((request, response) => {
    if (request.url === '/result') json(request).then(done.resolve, done.reject)
    const page = `<script>(async () => { ${script} })().catch(String).then((result) => fetch('/result', { method: 'POST', body: JSON.stringify(result ?? null) }))</script>`
    response.setHeader('content-type', 'text/html').end(page)
  })
  await once(pages.listen(0, '127.0.0.1'), 'listening')
  const { port } = pages.address() as AddressInfo
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--remote-debugging-port=0']
  const names = ['--host-resolver-rules=MAP *.example 127.0.0.1', `--user-data-dir=${profile}`]
  const browser = spawn(chromium ?? '', [...flags, ...names, `http://${host}:${String(port)}/`], { stdio: 'ignore' })
  const exited = once(browser, 'exit')
  exited.then(() => done.reject(new Error('Chromium ended before its page did')), done.reject)
  try {
    return await done.promise
  } finally {
    browser.kill()
    await exited
    pages.close()
    pages.closeAllConnections()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** What a page can send without a preflight. Its own result is opaque, so that the server has to be asked what came of it. */
const post = (url: string, body: unknown) =>
  `await fetch(${JSON.stringify(url)}, { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: ${JSON.stringify(JSON.stringify(body))} });`

async function functionNames() {
  const { Functions = [] } = await server.client.send(new ListFunctionsCommand())
  return Functions.map(({ FunctionName }) => FunctionName)
}

inBrowser('in Chromium', () => {
  test.each(['localhost', '127.0.0.1', 'evil.example'])(
    'a page of another origin, at %s, creates no function and sends no preflighted request',
    async (host) => {
      const ZipFile = (await zipOf('index.js', code)).toString('base64')
      const FunctionName = 'drive-by'
      const body = { FunctionName, Role, Runtime: 'nodejs24.x', Handler: 'index.handler', Code: { ZipFile } }
      const functions = `${server.address}/2015-03-31/functions`
      const remove = `return await fetch('${functions}/public', { method: 'DELETE' }).then(String, () => 'refused')`
      expect(await inPage(host, post(functions, body) + remove)).toBe('refused')
      expect(await functionNames()).toEqual(['public'])
    },
  )

  test('a page whose name now leads to the server cannot read its functions', async () => {
    const { port } = new URL(server.address)
    const address = `http://rebound.example:${port}`
    const dumped = spawnSync(
      chromium ?? '',
      [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--dump-dom'],
        ...['--host-resolver-rules=MAP *.example 127.0.0.1', `${address}/2015-03-31/functions`],
      ],
      { encoding: 'utf8' },
    ).stdout
    expect(dumped).toContain('does not know the host')
    expect(dumped).not.toContain('FunctionArn')
  })

  test('a page of another origin calls function URLs as their CORS configuration allows, and sees the health', async () => {
    const call = `return await fetch('${functionUrl}', { method: 'POST' }).then((answer) => answer.text())`
    expect(await inPage('evil.example', call)).toBe('from the function')
    const health = `return (await fetch('${server.address}/health', { mode: 'no-cors' })).type`
    expect(await inPage('evil.example', health)).toBe('opaque')
  })
})
