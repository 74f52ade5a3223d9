import type { SecureContextOptions } from 'node:tls'
import type * as KafkaTs from 'kafka-ts'
import { createSaslEntry, type SaslCredentials, type SaslEntry } from './sasl.ts'
import { findTlsFailure } from './tls-failure.ts'

/** How to connect and authenticate to a cluster. */
export interface ClusterAccess {
  /** `host:port` each. */
  readonly bootstrapServers: readonly string[]
  readonly tls?: SecureContextOptions
  readonly sasl?: SaslCredentials
}

export type Library = typeof KafkaTs
type Apis = Library['API']
/** The library's reader of responses and writer of requests. */
export type Decoder = Parameters<Apis['FETCH']['response']>[0]
export type Encoder = Parameters<Apis['FETCH']['request']>[0]

/** A request of Kafka's protocol in one of its versions, and the version before it. */
export interface Api<Request, Response> {
  apiKey: number
  apiVersion: number
  requestHeaderVersion: 1 | 2
  responseHeaderVersion: 0 | 1
  fallback?: Api<Request, Response>
  request: (encoder: Encoder, data: Request) => Encoder
  response: (decoder: Decoder) => Promise<Response> | Response
}

/** Connections to the brokers of a cluster. The next request after a lost connection reconnects. */
export interface Cluster {
  readonly api: Apis
  /** Sends a request to any broker. */
  ask<Request, Response>(api: Api<Request, Response>, request: Request): Promise<Response>
  /** Sends a request to one broker; with `once`, a request without a response is not retried. */
  askNode<Request, Response>(
    node: number,
    api: Api<Request, Response>,
    request: Request,
    times?: 'once',
  ): Promise<Response>
  close(): Promise<void>
}

const connectTimeout = 5_000
const requestTimeout = 30_000
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore }

/** Connects to a cluster; rejects with the reason when connection or authentication fails. Loads the library on demand. */
export async function openCluster({ bootstrapServers, tls, sasl }: ClusterAccess): Promise<Cluster> {
  const library = await import('kafka-ts')
  // It also throws every error that it would log.
  library.setLogger(silent)
  const entry = sasl === undefined ? undefined : createSaslEntry(library, sasl)
  const servers = bootstrapServers.map(addressOf)
  const cluster = library
    .createKafkaClient({
      clientId: 'kubelambda',
      bootstrapServers: servers,
      connectTimeout,
      requestTimeout,
      ...(tls === undefined ? {} : { ssl: tls }),
      ...(entry === undefined ? {} : { sasl: entry.provider }),
    })
    .createCluster()
  try {
    await cluster.connect()
  } catch (error) {
    entry?.close()
    const reason = entry?.failure() ?? (tls === undefined ? undefined : await findTlsFailure(servers, tls))
    throw new Error('The connection to the cluster failed.', { cause: reason ?? error })
  }
  return withReconnection(library, cluster, entry)
}

type RawCluster = ReturnType<ReturnType<Library['createKafkaClient']>['createCluster']>

function withReconnection(library: Library, cluster: RawCluster, entry: SaslEntry | undefined): Cluster {
  let isClosed = false
  const hasClosed = () => isClosed
  const attempt = async <Response>(send: () => Promise<Response>, isOnce: boolean): Promise<Response> => {
    await entry?.reentered()
    try {
      return await send()
    } catch (error) {
      if (isClosed || isOnce || !(error instanceof library.ConnectionError)) throw error
      await cluster.ensureConnected()
      if (hasClosed()) await cluster.disconnect()
      return send()
    }
  }
  return {
    api: library.API,
    ask: (api, request) => attempt(() => cluster.sendRequest(api, request), false),
    askNode: (node, api, request, times) =>
      attempt(() => cluster.sendRequestToNode(node)(api, request), times === 'once'),
    async close() {
      isClosed = true
      entry?.close()
      await cluster.disconnect().catch(ignore)
    },
  }
}

/** The newest version of a request up to this one. */
export function upTo<Request, Response>(api: Api<Request, Response>, version: number): Api<Request, Response> {
  let found = api
  while (found.apiVersion > version && found.fallback !== undefined) found = found.fallback
  return found
}

function addressOf(server: string): { host: string; port: number } {
  const end = server.lastIndexOf(':')
  return { host: server.slice(0, end).replace(/^\[(.*)\]$/, '$1'), port: Number(server.slice(end + 1)) }
}

function ignore(): undefined {
  return undefined
}
