import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A server that this run started; `stop` ends it and removes its data folder. */
export interface RunningServer {
  readonly origin: string
  readonly pid: number
  stop(): Promise<void>
}

/** A kubelambda server and its data folder. */
export interface OurServer extends RunningServer {
  readonly database: string
  /** Stops it, runs a change on its data folder, and starts it again. */
  restart(change: () => void): Promise<OurServer>
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Starts kubelambda on a free port with a data folder of its own. `flags` are for Node.js, such as `--cpu-prof`. */
export async function startKubelambda(
  flags: readonly string[] = [],
  settings: Readonly<Record<string, string>> = {},
): Promise<OurServer> {
  return startIn(await mkdtemp(join(tmpdir(), 'kubelambda-bench-')), flags, settings)
}

async function startIn(
  folder: string,
  flags: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<OurServer> {
  const log = join(folder, 'server.log')
  const port = await freePort()
  const env = {
    ...process.env,
    NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/kubelambda'),
    ...settings,
    KUBELAMBDA_HOST: '127.0.0.1',
    KUBELAMBDA_PORT: String(port),
    KUBELAMBDA_DATA: join(folder, 'data'),
  }
  const output = openSync(log, 'a')
  const child = spawn(process.execPath, [...flags, 'api/main.ts'], {
    cwd: root,
    env,
    stdio: ['ignore', output, output],
  })
  const origin = `http://127.0.0.1:${port}`
  await waitForHealth(origin, child, log)
  return {
    origin,
    pid: child.pid ?? 0,
    database: join(folder, 'data', 'kubelambda.sqlite'),
    stop: () => stop(child, folder),
    restart: async (change) => {
      await stop(child)
      change()
      return startIn(folder, flags, settings)
    },
  }
}

/** Starts the bare echo, the baseline of invocations. */
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

/** A free port. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  return port
}
