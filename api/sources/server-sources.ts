import type { Home } from '../functions/function/arn.ts'
import type { Documents } from '../functions/catalogue/documents.ts'
import type { Invoke } from '../invoke/invoke.ts'
import type { Log } from '../observe/log.ts'
import { MissingEndpoint, type ServiceEndpoint } from '../aws/endpoint.ts'
import type { AwsService } from '../aws/services.ts'
import { findCredentials } from '../aws/credentials.ts'
import type { OpenEntryStream } from './redis-streams/entry-stream.ts'
import { createPolledMappings } from './mappings/polled-mappings.ts'
import { createLocalLeases } from './polling/local-leases.ts'
import { createDiscard, type DeliverRecord } from './batches/discard.ts'
import type { Leases } from './polling/lease.ts'
import type { SourceKind } from './mappings/mapping.ts'
import { createRunBatch } from './batches/run-batch.ts'
import { createLazyServices } from '../aws/lazy-services.ts'
import type { AcceptEvent } from './polling/source.ts'
import { createSourceCheck, type SourceCheck } from './validation/source-check.ts'
import { createSources, type Sources } from './sources.ts'

/** Endpoints of services. Services without one are not called. */
export type SourceEndpoints = Readonly<Partial<Record<AwsService, ServiceEndpoint>>>

export interface ServerSourcesParts extends Home {
  readonly documents: Documents
  readonly invoke: Invoke
  readonly endpoints: SourceEndpoints
  readonly log: Log
  readonly newId: () => string
  readonly now: () => number
  /** Shared with the other servers that run the same mappings. */
  readonly leases: Leases | undefined
  readonly deliver: DeliverRecord
  readonly accept: AcceptEvent
  readonly openEntryStream: OpenEntryStream
}

/** How often a server reads changes made by others. */
const lookEveryMs = 5_000

export interface ServerSources {
  readonly sources: Sources
  readonly sourceCheck: SourceCheck
}

/** Runs the event source mappings of a server: stored as its documents, with its functions as targets. */
export function createServerSources(parts: ServerSourcesParts): ServerSources {
  const { documents, endpoints, log, newId, now, leases, deliver, accept, openEntryStream, accountId, region } = parts
  const warn = (line: string) => log.warn(line)
  const reach = {
    openEntryStream,
    services: createLazyServices({ endpoints, credentials: findCredentials(region), now }),
    missingEndpoint: (kind: SourceKind) => missingEndpoint(kind, endpoints),
  }
  const sources = createSources({
    ...reach,
    mappings: createPolledMappings({ documents, accountId, region }),
    documents,
    leases: leases ?? createLocalLeases(now),
    accept,
    runBatch: (functionArn) => createRunBatch(functionArn, { ...parts, warn }),
    discard: (settings) => createDiscard(settings, { deliver, warn, now }),
    warn,
    newId,
    now,
    ...(leases === undefined ? {} : { lookEveryMs }),
  })
  return { sources, sourceCheck: createSourceCheck(reach) }
}

/** The services of sources with an ARN. A self-managed Kafka cluster is reached at its brokers; others have settings of their own. */
const servicesOf: Readonly<Partial<Record<SourceKind, AwsService>>> = {
  sqs: 'sqs',
  kinesis: 'kinesis',
  dynamodb: 'dynamodb',
  msk: 'kafka',
}

function missingEndpoint(kind: SourceKind, endpoints: SourceEndpoints): MissingEndpoint | undefined {
  const service = servicesOf[kind]
  return service === undefined || endpoints[service] !== undefined ? undefined : new MissingEndpoint(service)
}
