import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from '@jest/globals'
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import { version } from '../version.ts'
import { newDataFolder, startMain, startProgram, zipOf, type RunningServer } from '../testing/running-server.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))
const servers: RunningServer[] = []
const folders: string[] = []

afterEach(async () => {
  await Promise.all(
    servers
      .splice(0)
      .filter(isRunning)
      .map((server) => server.end('SIGKILL')),
  )
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function isRunning({ process }: RunningServer): boolean {
  return process.exitCode === null && process.signalCode === null
}

async function start(
  dataFolder = folder(),
  settings: Record<string, string> = {},
  options: { detached?: boolean } = {},
): Promise<RunningServer> {
  const server = await startMain(dataFolder, settings, options)
  servers.push(server)
  return server
}

function folder(): string {
  const made = newDataFolder()
  folders.push(made)
  return made
}

async function create(client: LambdaClient, FunctionName: string, code: string): Promise<void> {
  const role = 'arn:aws:iam::000000000000:role/any'
  const settings = { FunctionName, Role: role, Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 20 } as const
  await client.send(new CreateFunctionCommand({ ...settings, Code: { ZipFile: await zipOf('index.js', code) } }))
  await waitUntilFunctionActiveV2({ client, maxWaitTime: 20 }, { FunctionName })
}

async function invoke(client: LambdaClient, FunctionName: string, event: unknown): Promise<unknown> {
  const { Payload } = await client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }))
  return JSON.parse(Payload?.transformToString() ?? '')
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not come true')
    await delay(10)
  }
}

test('INIT_START names the runtime version of the configuration', async () => {
  const server = await start()
  await create(server.client, 'echo', 'exports.handler = async (event) => event')
  await invoke(server.client, 'echo', {})
  const configuration = await server.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'echo' }))
  const arn = configuration.RuntimeVersionConfig?.RuntimeVersionArn ?? ''
  await until(() => server.output().includes('INIT_START'))
  expect(server.output()).toContain(`INIT_START Runtime Version: nodejs:24\tRuntime Version ARN: ${arn}`)
})

test('the server starts, is healthy, runs a function and ends on SIGTERM', async () => {
  const server = await start()
  expect((await fetch(`${server.address}/health`)).status).toBe(200)
  await create(server.client, 'echo', 'exports.handler = async (event) => event')
  expect(await invoke(server.client, 'echo', { a: [1] })).toEqual({ a: [1] })
  expect(await server.end('SIGTERM')).toBe(0)
})

test.each([{ KUBELAMBDA_PORT: 'many' }, { KUBELAMBDA_DRIVER: 'docker' }, { KUBELAMBDA_ACCOUNT_ID: '1' }])(
  'a wrong setting ends the start with one line that names it: %j',
  async (settings: Record<string, string>) => {
    const { exited, output } = startProgram({ KUBELAMBDA_DATA: folder(), ...settings })
    expect(await exited).not.toBe(0)
    expect(output()).toMatch(new RegExp(`^kubelambda: ${Object.keys(settings)[0] ?? ''} [^\n]+\n$`))
  },
)

test('a port or data folder in use ends the start with one line that names the setting', async () => {
  const data = folder()
  const server = await start(data)
  const port = new URL(server.address).port
  const samePort = startProgram({ KUBELAMBDA_DATA: folder(), KUBELAMBDA_PORT: port })
  expect(await samePort.exited).toBe(1)
  expect(samePort.output()).toMatch(/^kubelambda: Port \d+ of 127\.0\.0\.1 is in use\. .*KUBELAMBDA_PORT[^\n]*\n$/)
  const sameFolder = startProgram({ KUBELAMBDA_DATA: data })
  expect(await sameFolder.exited).toBe(1)
  expect(sameFolder.output()).toMatch(/^kubelambda: [^\n]*KUBELAMBDA_DATA[^\n]*\n$/)
})

test.each([
  [['--host', 'no-such-host.invalid'], /The host no-such-host\.invalid is not known\. Set --host or KUBELAMBDA_HOST/],
  [['--host', '192.0.2.1'], /192\.0\.2\.1 is not an address of this machine\. Set --host or KUBELAMBDA_HOST/],
  [['--prot', '1'], /unknown option '--prot'\. Did you mean --port\?/],
])('%j ends the start with one line and exit code 1', async (args, line) => {
  const { exited, output } = startProgram({ KUBELAMBDA_DATA: folder() }, args)
  expect(await exited).toBe(1)
  expect(output()).toMatch(/^kubelambda: [^\n]+\n$/)
  expect(output()).toMatch(line)
})

test('--version and --help print to standard output and start nothing', async () => {
  const printed = startProgram({}, ['--version'])
  expect(await printed.exited).toBe(0)
  expect(printed.output()).toBe(`${version}\n`)
  const help = startProgram({}, ['--help'])
  expect(await help.exited).toBe(0)
  expect(help.output()).toMatch(/--port <number>[^]*Examples:/)
})

test('the banner, /health and the Server header contain the version', async () => {
  const server = await start()
  expect(server.output()).toContain(`kubelambda ${version} serves the AWS Lambda API on ${server.address}`)
  const health = await fetch(`${server.address}/health`)
  expect([await health.json(), health.headers.get('server')]).toEqual([
    { status: 'ready', version, isolation: expect.objectContaining({ isolated: expect.any(Array) }) },
    `kubelambda/${version}`,
  ])
  const { headers } = await fetch(`${server.address}/2015-03-31/functions/`)
  expect(headers.get('server')).toBe(`kubelambda/${version}`)
})

const slowCode =
  "exports.handler = async () => { console.log('it runs'); await new Promise((done) => setTimeout(done, 500)); return 'ended' }"

test('Ctrl-C in a terminal lets a running invocation end', async () => {
  const server = await start(folder(), {}, { detached: true })
  await create(server.client, 'slow', slowCode)
  const answer = invoke(server.client, 'slow', {})
  await until(() => server.output().includes('it runs'))
  // A terminal signals the whole group of processes in its foreground.
  process.kill(-(server.process.pid ?? 0), 'SIGINT')
  expect(await answer).toBe('ended')
  await until(() => server.process.exitCode !== null)
  expect(server.process.exitCode).toBe(0)
  expect(server.output()).toContain('Press Ctrl-C again')
  expect(server.output()).not.toMatch(/^ +at /m)
})

test('SIGTERM to npm start ends the server', async () => {
  const { PATH = '', HOME = '' } = process.env
  const env = { PATH, HOME, KUBELAMBDA_PORT: '0', KUBELAMBDA_DATA: folder() }
  const npm = spawn('npm', ['start'], { cwd: project, env, stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  npm.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await until(() => output.includes('serves the AWS Lambda API'))
  const address = /API on (\S+)/.exec(output)?.[1] ?? ''
  const ended = once(npm, 'exit')
  npm.kill('SIGTERM')
  await ended
  await until(() =>
    fetch(`${address}/health`).then(
      () => false,
      () => true,
    ),
  )
}, 120_000)

test('on SIGTERM a running invocation completes and its caller gets the response', async () => {
  const server = await start()
  await create(server.client, 'slow', slowCode)
  const answer = invoke(server.client, 'slow', {})
  await until(() => server.output().includes('it runs'))
  const code = server.end('SIGTERM')
  expect(await answer).toBe('ended')
  expect(await code).toBe(0)
})

test('during the drain period of a shutdown a server accepts requests, and each response closes the connection', async () => {
  const data = folder()
  const server = await start(data, { KUBELAMBDA_DRAIN_SECONDS: '2' })
  await create(server.client, 'slow', slowCode)
  const ask = () => fetch(`${server.address}/2015-03-31/functions/slow/invocations`, { method: 'POST' })
  const before = ask()
  await until(() => server.output().includes('it runs'))
  const code = server.end('SIGTERM')
  let health = 200
  while (health === 200) health = (await fetch(`${server.address}/health`)).status
  expect(health).toBe(503)
  for (const answer of [await before, await ask()]) {
    expect([answer.status, answer.headers.get('connection'), await answer.json()]).toEqual([200, 'close', 'ended'])
  }
  expect(await code).toBe(0)
})

test('acknowledged functions, updates, deletions and accepted events survive SIGKILL', async () => {
  const ran = new Set<string>()
  const recorder = createServer((request, response) => {
    ran.add(request.url ?? '')
    response.end()
  }).listen(0, '127.0.0.1')
  await once(recorder, 'listening')
  const { port } = recorder.address() as AddressInfo
  const two = `exports.handler = async ({ id }) => { await fetch('http://127.0.0.1:${String(port)}/' + id); return 'two' }`

  const data = folder()
  const first = await start(data)
  await create(first.client, 'kept', "exports.handler = async () => 'one'")
  await create(first.client, 'gone', "exports.handler = async () => 'one'")
  const update = { FunctionName: 'kept', ZipFile: await zipOf('index.js', two) }
  await first.client.send(new UpdateFunctionCodeCommand(update))
  await waitUntilFunctionUpdatedV2({ client: first.client, maxWaitTime: 20 }, { FunctionName: 'kept' })
  await first.client.send(new DeleteFunctionCommand({ FunctionName: 'gone' }))
  const events = ['a', 'b', 'c', 'd', 'e']
  for (const id of events) {
    const Payload = JSON.stringify({ id })
    await first.client.send(new InvokeCommand({ FunctionName: 'kept', InvocationType: 'Event', Payload }))
  }
  await first.end('SIGKILL')

  const second = await start(data)
  expect(await invoke(second.client, 'kept', { id: 'sync' })).toBe('two')
  await expect(invoke(second.client, 'gone', {})).rejects.toThrow('Function not found')
  await until(() => events.every((id) => ran.has(`/${id}`)))
  recorder.close()
})

test('when a caller disconnects during an invocation, the environment serves the next one', async () => {
  const server = await start()
  await create(
    server.client,
    'patient',
    "let calls = 0; exports.handler = async (event) => { calls++; if (event.wait) { console.log('it waits'); await new Promise((done) => setTimeout(done, 300)) } return calls }",
  )
  const path = `${server.address}/2015-03-31/functions/patient/invocations`
  const leaving = request(path, { method: 'POST' }).on('error', () => undefined)
  leaving.end('{"wait":true}')
  await until(() => server.output().includes('it waits'))
  leaving.destroy()
  await until(() => server.output().includes('REPORT'))
  expect(await invoke(server.client, 'patient', {})).toBe(2)

  const half = request(path, { method: 'POST', headers: { 'Content-Length': '1000' } }).on('error', () => undefined)
  half.write('{"half":')
  await delay(10)
  half.destroy()
  expect(await invoke(server.client, 'patient', {})).toBe(3)
})

test('after an update no environment serves the old code, also under load', async () => {
  const server = await start()
  await create(server.client, 'changing', 'exports.handler = async () => 0')
  for (let number = 1; number <= 3; number++) {
    const load = Array.from({ length: 6 }, () => invoke(server.client, 'changing', {}))
    const ZipFile = await zipOf('index.js', `exports.handler = async () => ${String(number)}`)
    await server.client.send(new UpdateFunctionCodeCommand({ FunctionName: 'changing', ZipFile }))
    await waitUntilFunctionUpdatedV2({ client: server.client, maxWaitTime: 20 }, { FunctionName: 'changing' })
    const after = await Promise.all(Array.from({ length: 6 }, () => invoke(server.client, 'changing', {})))
    expect(new Set(after)).toEqual(new Set([number]))
    await Promise.all(load)
  }
})

test('a killed server leaves no process and no mount', async () => {
  const data = folder()
  const server = await start(data)
  await create(server.client, 'left', 'exports.handler = async () => process.pid')
  await invoke(server.client, 'left', {})
  await server.end('SIGKILL')
  if (existsSync('/proc/self/mounts')) expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(data)
})
