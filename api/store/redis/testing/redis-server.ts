import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from '@jest/globals'

/** A `redis-server` process of its own, on a free port, with a folder of its own. */
export interface RunningRedis {
  readonly port: number
  readonly url: string
  /** Sends a signal; SIGKILL and SIGTERM resolve when it is gone. */
  signal(name: NodeJS.Signals): Promise<void>
  /** Starts it again on the same port and folder after it ended, with further settings; waits until it answers. */
  restart(further?: readonly string[]): Promise<void>
  /** As `restart`, without waiting. */
  launch(further?: readonly string[]): void
  /** Answers what `redis-cli` prints. */
  cli(...args: string[]): string
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

const hasRedis = spawnSync('redis-server', ['--version']).status === 0

/** Describes tests that need `redis-server`; without one they are skipped, and the name says why. */
export function describeWithRedis(name: string, body: () => void): void {
  if (hasRedis) describe(name, body)
  else {
    describe(`${name} (skipped: there is no redis-server on PATH)`, () => {
      test.skip('needs redis-server', () => undefined)
    })
  }
}

/** Starts one with these settings, such as `['--appendonly', 'yes']`. */
export async function startRedis(settings: readonly string[] = [], port?: number): Promise<RunningRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  const chosen = port ?? (await freePort())
  const common = ['--port', String(chosen), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...settings]
  let server!: ChildProcess
  const launch = (further: readonly string[] = []): void => {
    server = spawn('redis-server', [...common, ...further], { stdio: 'ignore' })
  }
  launch()
  await answers(server, chosen)
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    const gone = name === 'SIGKILL' || name === 'SIGTERM' ? ended(server) : undefined
    server.kill(name)
    await gone
  }
  return {
    port: chosen,
    url: `redis://127.0.0.1:${String(chosen)}`,
    signal,
    restart: async (further) => {
      launch(further)
      await answers(server, chosen)
    },
    launch,
    cli: (...args) => cli(chosen, args),
    stop: async () => {
      await signal('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Three masters and three replicas. */
export async function startCluster(): Promise<{ url: string; nodes: RunningRedis[]; stop: () => Promise<void> }> {
  // A cluster's nodes also listen on their port + 10000.
  const ports = await Promise.all(Array.from({ length: 6 }, () => freePort(20_000)))
  const settings = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '1500',
    '--repl-diskless-sync-delay',
    '0',
    '--appendonly',
    'yes',
  ]
  const nodes = await Promise.all(ports.map((port) => startRedis(settings, port)))
  const addresses = ports.map((port) => `127.0.0.1:${String(port)}`)
  const created = spawnSync('redis-cli', [
    '--cluster',
    'create',
    ...addresses,
    '--cluster-replicas',
    '1',
    '--cluster-yes',
  ])
  if (created.status !== 0) throw new Error(`No cluster: ${String(created.stdout)}${String(created.stderr)}`)
  await eventually(() => nodes.every((node) => /cluster_state:ok/.test(node.cli('cluster', 'info'))))
  // A replica that never had its master's data does not take its place.
  const follows = (node: RunningRedis) => /link_status:up/.test(node.cli('info', 'replication'))
  await eventually(() => nodes.filter(follows).length === 3)
  return {
    url: `redis+cluster://${addresses.slice(0, 3).join(',')}`,
    nodes,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

/** Waits until the condition holds; fails when it does not within the deadline. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  withinMs = 20_000,
  what = 'the condition',
): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Answers what `redis-cli` prints. */
export function cli(port: number, args: readonly string[]): string {
  return spawnSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8', timeout: 5_000 }).stdout.trim()
}

async function answers(server: ChildProcess, port: number): Promise<void> {
  await eventually(() => {
    if (server.exitCode !== null) throw new Error(`redis-server ended with ${String(server.exitCode)}`)
    return cli(port, ['ping']) === 'PONG'
  })
}

function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => server.once('exit', () => resolve()))
}

/** A port that nobody listens on. */
export async function freePort(below?: number): Promise<number> {
  for (;;) {
    const server = createServer()
    const wanted = below === undefined ? 0 : below - Math.floor(Math.random() * 9_000)
    const port = await new Promise<number | undefined>((resolve) => {
      server.once('error', () => resolve(undefined))
      server.listen(wanted, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
    })
    await new Promise((resolve) => server.close(resolve))
    if (port !== undefined) return port
  }
}
