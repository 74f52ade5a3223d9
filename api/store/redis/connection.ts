import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { storeUnavailable } from '../../errors.ts'
import { parseRedisAddress, type RedisAddress } from './redis-address.ts'

/** A client that sends each command to the node that has its keys. */
export type RedisClient = Redis | Cluster

/** The server's way to Redis, which comes back by itself whenever Redis does. */
export interface RedisConnection {
  readonly client: RedisClient
  /** Runs commands. While Redis cannot be used they reject at once, or after two seconds, with Lambda's 503. */
  run<Reply>(work: (client: RedisClient) => Promise<Reply>): Promise<Reply>
  /** A connection for subscriptions alone, which does not come back once it is lost; the caller ends it. */
  newSubscriber(): Redis
  close(): void
}

export interface ConnectionOptions {
  readonly url: string
  readonly log: { info(line: string): void; warn(line: string): void }
  /** How long the first connection may take. */
  readonly startMs?: number
}

const commandTimeoutMs = 2_000
/** A socket that answers nothing for so long while commands wait is given up. */
const socketTimeoutMs = 4_000
const longestBackOffMs = 1_000

/** Connects. A Redis that cannot be used is an error of one line that names the setting. */
export async function connectToRedis({ url, log, startMs = 5_000 }: ConnectionOptions): Promise<RedisConnection> {
  const address = parseRedisAddress(url)
  const client = address.kind === 'cluster' ? newCluster(address) : newRedis(address, backOff)
  const faults: string[] = []
  client.on('error', (fault: Error) => void (faults[0] = reasonOf(fault)))
  client.on('node error', (fault: Error) => void (faults[0] = reasonOf(fault)))
  try {
    await ready(client, startMs)
  } catch {
    client.disconnect()
    const reason = faults[0] ?? 'it does not answer'
    throw new Error(`Redis at ${describe(address)} cannot be used: ${reason}. Start it, or set KUBELAMBDA_REDIS_URL.`)
  }
  tellOfLosses(client, describe(address), log)
  return {
    client,
    run: (work) => work(client).catch(explain),
    newSubscriber: () => newSubscriber(address, client),
    close: () => client.disconnect(),
  }
}

function backOff(times: number): number {
  return Math.min(longestBackOffMs, 25 * 2 ** Math.min(times, 10)) * (0.75 + Math.random() / 4)
}

/** Nothing waits for a connection and nothing is sent twice: who asks is told at once, and decides. */
function commonOptions({ isEncrypted, username, password, database }: RedisAddress) {
  return {
    protocol: 2,
    commandTimeout: commandTimeoutMs,
    connectTimeout: commandTimeoutMs,
    socketTimeout: socketTimeoutMs,
    keepAlive: 5_000,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    maxLoadingRetryTime: 200,
    disableClientInfo: true,
    connectionName: 'kubelambda',
    // A master that became a replica is left for the one that took its place.
    reconnectOnError: (fault: Error) => fault.message.startsWith('READONLY'),
    db: database,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(isEncrypted ? { tls: {} } : {}),
  } satisfies RedisOptions
}

function newRedis(address: RedisAddress, retryStrategy: (times: number) => number | null): Redis {
  const options = { ...commonOptions(address), retryStrategy, enableOfflineQueue: false }
  if (address.kind !== 'sentinel') return new Redis({ ...options, ...address.nodes[0] })
  return new Redis({
    ...options,
    sentinels: [...address.nodes],
    name: address.masterName ?? '',
    sentinelRetryStrategy: retryStrategy,
    enableTLSForSentinelMode: address.isEncrypted,
    failoverDetector: true,
  })
}

function newCluster(address: RedisAddress): Cluster {
  const cluster = new Cluster([...address.nodes], {
    redisOptions: commonOptions(address),
    enableOfflineQueue: false,
    clusterRetryStrategy: backOff,
    clusterNodeRetryStrategy: backOff,
    // A command that broke off may have been carried out, so it is not sent again.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: commandTimeoutMs,
    slotsRefreshInterval: 2_000,
    // With TLS, certificates are for names.
    ...(address.isEncrypted ? { dnsLookup: (host, call) => call(null, host) } : {}),
  })
  // The client refuses commands to a node that is only connecting, so nodes are connected before they are needed.
  cluster.on('+node', (node: Redis) => void (node.status === 'wait' && node.connect().catch(() => undefined)))
  return cluster
}

/** PUBLISH reaches all nodes of a cluster, so any one will do. */
function newSubscriber(address: RedisAddress, client: RedisClient): Redis {
  if (!(client instanceof Cluster)) return newRedis(address, () => null)
  const nodes = client.nodes().filter((node) => node.status === 'ready')
  const node = nodes[Math.floor(Math.random() * nodes.length)]
  const { host, port } = node?.options ?? address.nodes[0] ?? {}
  return new Redis({
    ...commonOptions(address),
    retryStrategy: () => null,
    enableOfflineQueue: false,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  })
}

async function ready(client: RedisClient, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs
  for (;;) {
    try {
      const nodes = client instanceof Cluster ? client.nodes('master') : [client]
      if (client.status === 'ready') {
        await Promise.all(nodes.map((node) => node.ping()))
        return
      }
    } catch (cause) {
      if (performance.now() > end) throw cause
    }
    if (performance.now() > end) throw new Error('not ready in time')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function tellOfLosses(client: RedisClient, where: string, log: ConnectionOptions['log']): void {
  let isLost = false
  client.on('close', () => {
    if (!isLost) log.warn(`Redis at ${where} is lost. What needs it is answered 503 until it is back.`)
    isLost = true
  })
  client.on('ready', () => {
    if (isLost) log.info(`Redis at ${where} is back.`)
    isLost = false
  })
}

function describe({ nodes }: RedisAddress): string {
  return nodes.map(({ host, port }) => `${host}:${String(port)}`).join(',')
}

function reasonOf(fault: Error): string {
  const { code, lastNodeError } = fault as { code?: string; lastNodeError?: Error }
  const text = lastNodeError === undefined ? fault.message || (code ?? 'no reason given') : reasonOf(lastNodeError)
  return text.split('\n')[0]?.replace(/\.$/, '') ?? text
}

/** Replies that say that Redis cannot do it now, whatever is asked. */
const passing =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|MOVED|ASK|TRYAGAIN|OOM|MISCONF|NOREPLICAS|BUSY|NOAUTH|WRONGPASS) /

function explain(cause: unknown): never {
  if (!(cause instanceof Error)) throw new Error('Redis failed', { cause })
  if (cause instanceof TypeError || cause instanceof RangeError) throw cause
  if (cause.name !== 'ReplyError' || passing.test(cause.message)) throw storeUnavailable(cause)
  throw new Error(`Redis refused a command: ${cause.message}`, { cause })
}
