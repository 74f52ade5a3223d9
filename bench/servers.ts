import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A server that this run started; `stop` ends it and removes what it kept. */
export interface RunningServer {
  readonly origin: string
  readonly pid: number
  stop(): Promise<void>
}

const root = fileURLToPath(new URL('..', import.meta.url))

export interface ServerOptions {
  /** For Node.js, such as `--cpu-prof`. */
  readonly flags?: readonly string[]
  /** Keeps what it keeps there, with code in this folder, instead of in its data folder alone. */
  readonly redis?: RunningRedis
}

/** A Redis that this run started, with an append-only file as in production. */
export interface RunningRedis {
  readonly url: string
  readonly codeFolder: string
  stop(): Promise<void>
}

/** Starts kubelambda on a free port with a data folder of its own. */
export async function startKubelambda({ flags = [], redis }: ServerOptions = {}): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), 'kubelambda-bench-'))
  const log = join(folder, 'server.log')
  const port = await freePort()
  const env = {
    ...process.env,
    KUBELAMBDA_HOST: '127.0.0.1',
    KUBELAMBDA_PORT: String(port),
    KUBELAMBDA_DATA: join(folder, 'data'),
    ...(redis && { KUBELAMBDA_REDIS_URL: redis.url, KUBELAMBDA_CODE_URL: `file://${redis.codeFolder}` }),
  }
  const output = openSync(log, 'a')
  const child = spawn(process.execPath, [...flags, 'api/main.ts'], {
    cwd: root,
    env,
    stdio: ['ignore', output, output],
  })
  const origin = `http://127.0.0.1:${port}`
  await waitForHealth(origin, child, log)
  return { origin, pid: child.pid ?? 0, stop: () => stop(child, folder) }
}

/** Starts `redis-server`, which has to be on the PATH, with the given policy of `appendfsync`. */
export async function startRedis(appendfsync: 'everysec' | 'always' = 'everysec'): Promise<RunningRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'kubelambda-bench-redis-'))
  const codeFolder = join(folder, 'code')
  await mkdir(codeFolder)
  const port = String(await freePort())
  const settings = { port, bind: '127.0.0.1', dir: folder, appendonly: 'yes', appendfsync, save: '' }
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn('redis-server', words, { stdio: ['ignore', 'pipe', 'inherit'] })
  await Promise.race([
    once(child, 'error').then(() => Promise.reject(new Error('there is no redis-server on the PATH'))),
    once(child, 'exit').then(() => Promise.reject(new Error('redis-server does not start'))),
    ready(child),
  ])
  return { url: `redis://127.0.0.1:${port}`, codeFolder, stop: () => stop(child, folder) }
}

async function ready({ stdout }: ChildProcess): Promise<void> {
  if (stdout === null) return
  for await (const chunk of stdout) {
    if (String(chunk).includes('Ready to accept connections')) break
  }
  stdout.resume()
}

/** Starts the bare echo that invocations are compared with. */
export async function startEcho(): Promise<RunningServer> {
  const file = fileURLToPath(new URL('bare-echo.ts', import.meta.url))
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { origin: line.toString().trim(), pid: child.pid ?? 0, stop: () => stop(child) }
}

async function waitForHealth(origin: string, child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + 20_000
  while (Date.now() < deadline && child.exitCode === null) {
    const isReady = await fetch(`${origin}/health`).then(
      (response) => response.ok,
      () => false,
    )
    if (isReady) return
    await wait(20)
  }
  child.kill('SIGKILL')
  throw new Error(`The server does not start. Its output ends:\n${(await readFile(log, 'utf8')).slice(-2000)}`)
}

async function stop(child: ChildProcess, folder?: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(timer)
  }
  if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  return port
}
