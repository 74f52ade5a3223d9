import type { ConnectionOptions } from 'node:tls'
import type { Kafka, SASLOptions } from 'kafkajs'
import { registerCodecs } from './compression.ts'

/** How a cluster is reached and entered. */
export interface ClusterAccess {
  readonly bootstrapServers: readonly string[]
  readonly tls?: ConnectionOptions
  readonly sasl?: SASLOptions
}

const connectionTimeout = 5_000
/** What fails once more is shown, and tried again by who asked. */
const retry = { retries: 2, initialRetryTime: 200, maxRetryTime: 2_000 }

/** A client of the cluster, connected to nothing yet. The library is loaded only now; what it would log is thrown as well. */
export async function createClient({ bootstrapServers, tls, sasl }: ClusterAccess): Promise<Kafka> {
  // Node.js sees only some of the names that this CommonJS package exports; all are in its default.
  const library = (await import('kafkajs')).default
  registerCodecs(library)
  const { Kafka, logLevel } = library
  return new Kafka({
    clientId: 'kubelambda',
    brokers: [...bootstrapServers],
    logLevel: logLevel.NOTHING,
    connectionTimeout,
    retry,
    ...(tls === undefined ? {} : { ssl: tls }),
    ...(sasl === undefined ? {} : { sasl }),
  })
}
