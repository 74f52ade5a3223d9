/** The address of Redis, from `KUBELAMBDA_REDIS_URL`. */
export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster'
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  readonly isEncrypted: boolean
  readonly username?: string
  readonly password?: string
  /** The master's name in Sentinel. */
  readonly masterName?: string
  readonly database: number
}

const shape = /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^@/?#]+)((?:\/[^?#]*)?)$/
const defaultPorts = { single: 6379, sentinel: 26_379, cluster: 6379 }

/**
 * Reads `redis://[user:password@]host[:port][/db]`, `redis+sentinel://host:port,…/master-name[/db]` or
 * `redis+cluster://host:port,…`; `rediss` instead of `redis` enables TLS. Throws an error of one line for anything else.
 */
export function parseRedisAddress(url: string): RedisAddress {
  const [, tls, kindText, credentials, hosts = '', path = ''] = shape.exec(url) ?? refuse()
  const kind = (kindText ?? 'single') as RedisAddress['kind']
  const nodes = hosts.split(',').map((host) => parseNode(host, defaultPorts[kind]))
  const segments = path.split('/').filter((segment) => segment !== '')
  const masterName = kind === 'sentinel' ? (segments.shift() ?? refuse()) : undefined
  const database = kind === 'cluster' ? 0 : parseNumber(segments.shift() ?? '0')
  if (segments.length > 0 || (kind === 'single' && nodes.length > 1)) refuse()
  return {
    kind,
    nodes,
    isEncrypted: tls === 's',
    database,
    ...(masterName === undefined ? {} : { masterName: decodeURIComponent(masterName) }),
    ...parseCredentials(credentials),
  }
}

function parseNode(text: string, defaultPort: number): { host: string; port: number } {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/.exec(text) ?? refuse()
  return { host: (host ?? '').replace(/^\[|\]$/g, ''), port: port === undefined ? defaultPort : Number(port) }
}

function parseNumber(text: string): number {
  return /^\d{1,4}$/.test(text) ? Number(text) : refuse()
}

function parseCredentials(text: string | undefined): { username?: string; password?: string } {
  if (text === undefined || text === '') return {}
  const colon = text.indexOf(':')
  if (colon === -1) refuse()
  const [username, password] = [text.slice(0, colon), text.slice(colon + 1)].map((part) => decodeURIComponent(part))
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) }
}

/** The message does not repeat the address, which may contain a password. */
function refuse(): never {
  throw new Error(
    'KUBELAMBDA_REDIS_URL must be like redis://host:6379, redis+sentinel://host:26379,host:26379/master-name or redis+cluster://host:6379,host:6379 (rediss for TLS).',
  )
}
