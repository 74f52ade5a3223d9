import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './servers.ts'

/** A `redis-server` of this run, with an append-only file in a folder of its own. */
export interface RunningRedis {
  readonly url: string
  /** Runs `redis-cli` and returns its output. */
  cli(...words: string[]): string
  stop(): Promise<void>
}

/** Starts one on a free port; undefined when `redis-server` is not installed. */
export async function startRedis(appendfsync: 'everysec' | 'always'): Promise<RunningRedis | undefined> {
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined
  const [folder, port] = [await mkdtemp(join(tmpdir(), 'kubelambda-bench-redis-')), String(await freePort())]
  const settings = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--appendfsync', appendfsync]
  const child = spawn('redis-server', ['--port', port, '--dir', folder, ...settings], { stdio: 'ignore' })
  const cli = (...words: string[]) => spawnSync('redis-cli', ['-p', port, ...words], { encoding: 'utf8' }).stdout.trim()
  for (const deadline = Date.now() + 20_000; cli('ping') !== 'PONG';) {
    if (Date.now() > deadline) throw new Error('redis-server does not start')
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    cli,
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
