import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cli, eventually, freePort, startRedis, type RunningRedis } from './redis-server.ts'

/** A master, its replica, and a Sentinel that puts one in the other's place a second after its death. */
export interface WatchedRedis {
  readonly url: string
  readonly master: RunningRedis
  readonly replica: RunningRedis
  readonly stop: () => Promise<void>
}

export async function startWithSentinel(): Promise<WatchedRedis> {
  const master = await startRedis(['--appendonly', 'yes'])
  const replica = await startRedis(['--appendonly', 'yes', '--replicaof', '127.0.0.1', String(master.port)])
  const sentinel = await startSentinel(master.port)
  await eventually(() => /master_link_status:up/.test(replica.cli('info', 'replication')))
  // A replica that the Sentinel has not heard of is not chosen.
  await eventually(() => sentinel.cli('sentinel', 'replicas', 'main').includes(String(replica.port)))
  return {
    url: `redis+sentinel://127.0.0.1:${String(sentinel.port)}/main`,
    master,
    replica,
    stop: async () => {
      sentinel.stop()
      await Promise.all([master.stop(), replica.stop()])
    },
  }
}

async function startSentinel(
  masterPort: number,
): Promise<{ port: number; cli(...args: string[]): string; stop(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-'))
  const port = await freePort()
  const settings = [
    `port ${String(port)}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor main 127.0.0.1 ${String(masterPort)} 1`,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 5000',
  ]
  writeFileSync(join(folder, 'sentinel.conf'), settings.join('\n'))
  const sentinel = spawn('redis-server', [join(folder, 'sentinel.conf'), '--sentinel'], { stdio: 'ignore' })
  const stop = () => {
    sentinel.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  return { port, cli: (...args) => cli(port, args), stop }
}
