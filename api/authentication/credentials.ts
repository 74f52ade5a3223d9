/** An access key that callers sign requests with. */
export interface Credential {
  readonly accessKeyId: string
  readonly secret: string
  /** The account that the key belongs to. */
  readonly accountId: string
}

/** The known access keys. The set may change between two calls; a changed key is a new object. */
export interface Credentials {
  find(accessKeyId: string): Credential | undefined
}

/** Credentials that cannot be used. The message gives the reason and quotes no credential. */
export class UnusableCredentials extends Error {}

const accessKeyId = /^[\w.-]{1,128}$/
const account = /^\d{12}$/

/**
 * Parses `{"<access key id>": {"secret": "…", "account": "<12 digits>"}, …}`. A key without an account belongs to the given
 * one. Anything else throws `UnusableCredentials`.
 */
export function parseCredentials(text: string, accountId: string): ReadonlyMap<string, Credential> {
  const entries = Object.entries(objectIn(parseJson(text), 'the whole'))
  if (entries.length === 0) throw new UnusableCredentials('it holds no access key')
  return new Map(entries.map(([id, value], index) => [id, credential(id, value, `entry ${index + 1}`, accountId)]))
}

function credential(id: string, value: unknown, place: string, home: string): Credential {
  if (!accessKeyId.test(id))
    throw new UnusableCredentials(`${place} has an access key id of other letters than A-Z a-z 0-9 _ . -`)
  const { secret, account: accountId = home, ...others } = objectIn(value, place)
  if (typeof secret !== 'string' || secret === '') throw new UnusableCredentials(`${place} has no secret`)
  if (typeof accountId !== 'string' || !account.test(accountId)) {
    throw new UnusableCredentials(`${place} has an account that is not 12 digits`)
  }
  if (Object.keys(others).length > 0)
    throw new UnusableCredentials(`${place} has members other than secret and account`)
  return { accessKeyId: id, secret, accountId }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message quotes the text around the fault, which may contain secrets.
    throw new UnusableCredentials('it is not JSON')
  }
}

function objectIn(value: unknown, place: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new UnusableCredentials(`${place} is not a JSON object`)
}
