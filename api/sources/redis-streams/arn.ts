/** A Redis stream, as the ARN of a mapping names it. */
export interface NamedStream {
  /** One of the servers in `KUBELAMBDA_REDIS_SOURCES`. */
  readonly server: string
  readonly key: string
}

/** The prefix of the server's own keys. Its store may be the same Redis, so these keys cannot be event sources. */
const ownPrefix = '{kubelambda:'

/** Parses `arn:aws:elasticache:REGION:ACCOUNT:stream/SERVER/KEY`; undefined for an ARN of another form. */
export function readEntryStreamArn(arn: string): NamedStream | undefined {
  const [, server, key] = /^arn:[^:]+:elasticache:[^:]*:[^:]*:stream\/([\w.-]+)\/(.+)$/.exec(arn) ?? []
  return server === undefined || key === undefined || key.startsWith(ownPrefix) ? undefined : { server, key }
}
