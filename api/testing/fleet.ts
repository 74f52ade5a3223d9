import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LambdaClient } from '@aws-sdk/client-lambda'
import { until } from './faults.ts'
import { newDataFolder, startMain, type RunningServer } from './running-server.ts'
import { startRedis } from '../store/redis/testing/redis-server.ts'

/** Servers with the same functions that are killed one after the other. */
export interface Fleet {
  readonly servers: readonly RunningServer[]
  client(): LambdaClient
  /** Kills the process of this round, and starts it again. */
  kill(round: number): Promise<void>
  /** Shuts all servers down gracefully. */
  end(): Promise<void>
  /** Keys in the store that represent queued work or held resources after the shutdown. */
  left(): string[]
  /** Ends and removes everything. */
  close(): Promise<void>
}

/** One server on its data folder. */
export async function startOneServer(settings: Record<string, string>): Promise<Fleet> {
  const folder = newDataFolder()
  const servers = [await startMain(folder, settings)]
  return {
    ...whatServersDo(servers),
    kill: async () => {
      await servers[0]?.end('SIGKILL')
      servers[0] = await startMain(folder, settings)
    },
    left: () => [],
    close: async () => {
      await killAll(servers)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Three servers on a Redis with an append-only file; each fourth round kills Redis. */
export async function startThreeServers(given: Record<string, string>): Promise<Fleet> {
  const redis = await startRedis(['--appendonly', 'yes'])
  const folders = [mkdtempSync(join(tmpdir(), 'kubelambda-code-'))]
  const shared = { KUBELAMBDA_REDIS_URL: redis.url, KUBELAMBDA_CODE_URL: `file://${String(folders[0])}` }
  const start = () => {
    const folder = newDataFolder()
    folders.push(folder)
    return startMain(folder, { ...given, ...shared })
  }
  const servers = await Promise.all([start(), start(), start()])
  /** Whether everything of servers that were just killed was taken over or freed. */
  const areDeadNoticed = () => {
    const living = redis.cli('zcard', '{kubelambda:servers}:living')
    const takers = redis.cli('zcard', '{kubelambda:events}:takers')
    return Math.max(Number(living), Number(takers)) <= 3 && redis.cli('scard', '{kubelambda:servers}:dead') === '0'
  }
  return {
    ...whatServersDo(servers),
    end: async () => {
      await until('the dead are noticed', areDeadNoticed, 60_000)
      await whatServersDo(servers).end()
    },
    kill: async (round) => {
      if (round % 4 === 1) {
        await redis.signal('SIGKILL')
        return redis.restart()
      }
      await servers[round % 3]?.end('SIGKILL')
      servers[round % 3] = await start()
    },
    left: () => redis.cli('keys', '*').split('\n').filter(isHeldResource),
    close: async () => {
      await killAll(servers)
      await redis.stop()
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    },
  }
}

function whatServersDo(servers: readonly RunningServer[]) {
  return {
    servers,
    client: () => {
      const [server] = servers
      if (server === undefined) throw new Error('there is no server')
      return server.client
    },
    end: async () => {
      await Promise.all(servers.map((server) => server.end('SIGTERM')))
    },
  }
}

async function killAll(servers: readonly RunningServer[]): Promise<void> {
  const isRunning = ({ process }: RunningServer) => process.exitCode === null && process.signalCode === null
  await Promise.all(servers.filter(isRunning).map((server) => server.end('SIGKILL')))
}

/** Counters stay; `dead` names dead servers for the next one. */
function isHeldResource(key: string): boolean {
  return /^\{kubelambda:(events|leases|servers)\}/.test(key) && !/:(turn|sequence|token|fences|watched|dead)$/.test(key)
}
