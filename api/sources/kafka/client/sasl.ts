import type { Library } from './cluster.ts'
import { authenticateByScram, type ScramUser } from './scram.ts'

/** The credentials for a cluster, and their SASL mechanism. */
export type SaslCredentials =
  | ScramUser
  | { readonly mechanism: 'plain'; readonly username: string; readonly password: string }
  | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<string> }

type Provider = ReturnType<Library['saslPlain']>
type SendRequest = Parameters<Provider['authenticate']>[0]['sendRequest']

/** Authenticates the connections of a cluster, and reauthenticates them before their sessions expire (KIP-368). */
export interface SaslEntry {
  readonly provider: Provider
  /** Resolves when no connection is being reauthenticated: brokers accept no other request meanwhile. */
  reentered(): Promise<void>
  /** Why the last authentication failed. */
  failure(): Error | undefined
  close(): void
}

/** A session is renewed this long before it expires, or after four fifths of its lifetime. */
const renewedBeforeMs = 10_000
const maxTimerMs = 2 ** 31 - 1

export function createSaslEntry(library: Library, credentials: SaslCredentials): SaslEntry {
  const mechanism = createMechanism(library, credentials)
  const timers = new Set<NodeJS.Timeout>()
  let failure: Error | undefined
  let renewals = Promise.resolve()
  let isClosed = false

  const authenticate = async (sendRequest: SendRequest): Promise<void> => {
    let lifetimeMs = 0
    const send: SendRequest = async (api, request) => {
      const answer = await sendRequest(api, request)
      const { sessionLifetimeMs } = answer as { sessionLifetimeMs?: bigint }
      if (sessionLifetimeMs !== undefined) lifetimeMs = Number(sessionLifetimeMs)
      return answer
    }
    try {
      await mechanism.authenticate({ sendRequest: send })
      failure = undefined
    } catch (error) {
      failure = error as Error
      throw error
    }
    if (lifetimeMs > 0) renewLater(sendRequest, lifetimeMs)
  }
  const renew = async (sendRequest: SendRequest): Promise<void> => {
    if (isClosed) return
    await sendRequest(library.API.SASL_HANDSHAKE, { mechanism: mechanism.mechanism })
    await authenticate(sendRequest)
  }
  const renewLater = (sendRequest: SendRequest, lifetimeMs: number): void => {
    if (isClosed) return
    const delayMs = Math.min(lifetimeMs - Math.min(renewedBeforeMs, lifetimeMs / 5), maxTimerMs)
    const timer = setTimeout(() => {
      timers.delete(timer)
      // Brokers close the connection of an expired session; the next request rejects with the reason.
      renewals = renewals.then(() => renew(sendRequest)).catch(() => undefined)
    }, delayMs).unref()
    timers.add(timer)
  }
  return {
    provider: {
      mechanism: mechanism.mechanism,
      authenticate: ({ sendRequest }) => authenticate(sendRequest),
    },
    reentered: () => renewals,
    failure: () => failure,
    close() {
      isClosed = true
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
    },
  }
}

function createMechanism(library: Library, credentials: SaslCredentials): Provider {
  if (credentials.mechanism === 'oauthbearer')
    return library.oAuthBearer(async () => ({ access_token: await credentials.token() }))
  if (credentials.mechanism === 'plain') return library.saslPlain(credentials)
  return {
    mechanism: credentials.mechanism.toUpperCase(),
    authenticate: ({ sendRequest }) =>
      authenticateByScram(credentials, async (authBytes) => {
        const answer = await sendRequest(library.API.SASL_AUTHENTICATE, { authBytes })
        return answer.authBytes
      }),
  }
}
