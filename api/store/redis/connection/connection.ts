import { setTimeout as delay } from 'node:timers/promises'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { explain, isForGood, reasonOf, replyOf } from './faults.ts'
import { parseRedisAddress, type RedisAddress } from './redis-address.ts'

/** A client that sends each command to the node that owns its keys. */
export type RedisClient = Redis | Cluster

/** The server's connection to Redis, which reconnects whenever Redis is back. */
export interface RedisConnection {
  readonly client: RedisClient
  /** Runs commands. While Redis is unavailable they reject at once, or after two seconds, with Lambda's 503. */
  run<Reply>(work: (client: RedisClient) => Promise<Reply>): Promise<Reply>
  /** Opens a connection only for subscriptions, which does not reconnect. The caller ends it. */
  newSubscriber(): Redis
  close(): void
}

export interface ConnectionOptions {
  readonly url: string
  readonly log: { info(line: string): void; warn(line: string): void }
  /** Aborts the wait for a Redis that is not reachable. */
  readonly signal?: AbortSignal | undefined
  /** The setting that contains the address. */
  readonly setting?: string
}

const commandTimeoutMs = 2_000
/** A socket that receives no reply for this long while commands wait is closed. */
const socketTimeoutMs = 4_000
const disconnectTimeoutMs = 200
const maxBackoffMs = 1_000

/** A first connection that takes longer is logged. */
const noticeAfterMs = 1_000
const retryMs = 20

/**
 * Connects, and waits for a Redis that is not reachable yet, which it logs once. Throws an error of one line that names the setting
 * for faults that are not temporary, such as a wrong password.
 */
export async function connectToRedis(options: ConnectionOptions): Promise<RedisConnection> {
  const { url, log } = options
  const address = parseRedisAddress(url)
  const client = address.kind === 'cluster' ? newCluster(address) : newRedis(address, backOff)
  try {
    await ready(client, address, options)
  } catch (fault) {
    client.disconnect()
    throw fault
  }
  const end = logConnectionLosses(client, describe(address), log)
  return {
    client,
    run: (work) => work(client).catch(explain),
    newSubscriber: () => newSubscriber(address, client),
    close: () => {
      end()
      client.disconnect()
    },
  }
}

function backOff(times: number): number {
  return Math.min(maxBackoffMs, 25 * 2 ** Math.min(times, 10)) * (0.75 + Math.random() / 4)
}

/** Commands neither wait for a connection nor are retried: the caller gets the error at once, and decides. */
function commonOptions({ isEncrypted, username, password, database }: RedisAddress) {
  return {
    protocol: 2,
    commandTimeout: commandTimeoutMs,
    connectTimeout: commandTimeoutMs,
    socketTimeout: socketTimeoutMs,
    // The client waits this long for a socket to end, even if it has ended already.
    disconnectTimeout: disconnectTimeoutMs,
    keepAlive: 5_000,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    maxLoadingRetryTime: 200,
    disableClientInfo: true,
    connectionName: 'kubelambda',
    // After a failover, reconnects to the new master.
    reconnectOnError: (fault: Error) => replyOf(fault).startsWith('READONLY '),
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
    // A command whose connection was lost may have been executed, so it is not retried.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: commandTimeoutMs,
    slotsRefreshInterval: 2_000,
    // Certificates contain host names, so TLS needs them.
    ...(address.isEncrypted ? { dnsLookup: (host, call) => call(null, host) } : {}),
  })
  // The client rejects commands to a node that is still connecting, so nodes are connected in advance.
  cluster.on('+node', (node: Redis) => void (node.status === 'wait' && node.connect().catch(() => undefined)))
  return cluster
}

/** PUBLISH reaches all nodes of a cluster, so any node will do. */
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

async function ready(
  client: RedisClient,
  address: RedisAddress,
  { log, signal, setting = 'KUBELAMBDA_REDIS_URL' }: ConnectionOptions,
): Promise<void> {
  const begun = performance.now()
  const where = describe(address)
  let fault: Error | undefined
  let isLogged = false
  const note = (cause: Error): void => void (fault = cause)
  for (const event of ['error', 'node error', 'sentinelError']) client.on(event, note)
  while (!(await isAnswering(client, address, note))) {
    const reason = fault === undefined ? 'it does not answer' : reasonOf(fault)
    if (signal?.aborted === true || (fault !== undefined && isForGood(fault))) {
      throw new Error(`Redis at ${where} cannot be used: ${reason}. Correct its configuration, or ${setting}.`)
    }
    if (!isLogged && performance.now() - begun > noticeAfterMs) {
      isLogged = true
      log.warn(`Redis at ${where} cannot be reached: ${reason}. Waiting for it. Start it, or set ${setting}.`)
    }
    await delay(retryMs)
  }
}

async function isAnswering(
  client: RedisClient,
  { database }: RedisAddress,
  note: (fault: Error) => void,
): Promise<boolean> {
  if (client.status !== 'ready') return false
  try {
    if (client instanceof Cluster) await Promise.all(client.nodes('master').map((node) => node.ping()))
    // The client itself continues with another database when this one does not exist.
    else await client.select(database)
    return true
  } catch (fault) {
    note(fault as Error)
    return false
  }
}

/** Logs lost connections. Returns a function that stops logging, for an intended end. */
function logConnectionLosses(client: RedisClient, where: string, log: ConnectionOptions['log']): () => void {
  let [isLost, isMeant] = [false, false]
  client.on('close', () => {
    if (!isLost && !isMeant) log.warn(`Redis at ${where} is lost. What needs it is answered 503 until it is back.`)
    isLost = true
  })
  client.on('ready', () => {
    if (isLost) log.info(`Redis at ${where} is back.`)
    isLost = false
  })
  return () => void (isMeant = true)
}

function describe({ nodes }: RedisAddress): string {
  return nodes.map(({ host, port }) => `${host}:${String(port)}`).join(',')
}
