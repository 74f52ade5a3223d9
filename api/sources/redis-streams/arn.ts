/** A Redis stream as mappings name it. */
export interface NamedStream {
  /** One of the servers in `KUBELAMBDA_REDIS_SOURCES`. */
  readonly server: string
  readonly key: string
}

/** Keys of the server itself, whose store may be the same Redis: no mapping makes a stream there. */
const ownPrefix = '{kubelambda:'

/** Reads `arn:aws:elasticache:REGION:ACCOUNT:stream/SERVER/KEY`; nothing when the ARN is of another form. */
export function readEntryStreamArn(arn: string): NamedStream | undefined {
  const [, server, key] = /^arn:[^:]+:elasticache:[^:]*:[^:]*:stream\/([\w.-]+)\/(.+)$/.exec(arn) ?? []
  return server === undefined || key === undefined || key.startsWith(ownPrefix) ? undefined : { server, key }
}
