import { watchDeadServers, oneAtATime, type Inherit } from './dead-servers.ts'
import type { RedisConnection } from '../connection/connection.ts'
import { serverKeys } from '../connection/keys.ts'
import { loadScript } from '../connection/script.ts'

/** This server among those that share a Redis. */
export interface Membership {
  /** Its name; another one after a loss, so that what it does then is not taken for the dead one's. */
  readonly server: string
  /** All members at the last renewal, this one among them, by name. */
  readonly living: readonly string[]
  /** Members came or went. */
  onLiving(listener: () => void): void
  /** `inherit` runs on one living server for each one that died. */
  onDeath(inherit: Inherit): void
  /** This server was silent for longer than its lease: others hold what it held. It is a member again when this is called. */
  onLost(listener: () => void): void
  /** A script found that the server of this name is no member any more. Rejects when this server has left. */
  wasLost(server: string): Promise<void>
  /** Leaves; what it still holds is inherited. */
  close(): Promise<void>
  /** Ends as the death of the process would. */
  abandon(): void
}

export interface MembershipOptions {
  readonly connection: RedisConnection
  readonly server: string
  /** Time without a renewal after which a server counts as dead, ms. */
  readonly leaseMs?: number
  readonly onFault: (message: string, cause: unknown) => void
}

/** So many renewals fit into a lease. */
const renewalsOfALease = 3

/**
 * Joins the servers that share a Redis, and renews the lease until closed. All times are Redis's own: clocks of servers may
 * differ. Deaths are looked for only by servers that could themselves renew for a whole lease, so that after an outage of
 * Redis no server is declared dead that just had no time to renew.
 */
export async function joinServers(options: MembershipOptions): Promise<Membership> {
  const { connection, leaseMs = 10_000 } = options
  const load = (name: string) => loadScript(connection, name, import.meta.url)
  const scripts = { renew: load('renew-server'), leave: load('leave-servers') }
  const losers: (() => void)[] = []
  const watchers: (() => void)[] = []
  const self = { server: options.server, living: [options.server], losses: 0, renewals: 0, hasLeft: false }
  const onFault = (message: string, cause: unknown) => (self.hasLeft ? undefined : options.onFault(message, cause))
  const deadServers = watchDeadServers(connection, onFault)
  let rejoining: Promise<void> | undefined

  /** False when the server was declared dead. */
  const renewLease = async (server: string, mode: 'join' | 'renew'): Promise<boolean> => {
    const living = (await scripts.renew([serverKeys.living], [server, leaseMs, mode])) as string[]
    if (living.length === 0) return false
    const isNew = living.join(' ') !== self.living.join(' ')
    Object.assign(self, { server, living })
    if (isNew) for (const watcher of watchers) watcher()
    return true
  }
  /** The new name is its own once it has joined and before anything can be done under it; what the old one had is lost then. */
  const rejoin = async (): Promise<void> => {
    self.renewals = 0
    await renewLease(`${options.server}+${String(++self.losses)}`, 'join')
    for (const listener of losers) listener()
  }
  const wasLost = async (server: string): Promise<void> => {
    if (self.hasLeft) throw new Error('This server has left the others.')
    if (server !== self.server) return
    rejoining ??= rejoin().finally(() => (rejoining = undefined))
    await rejoining
  }
  const renew = oneAtATime(async () => {
    const { server } = self
    try {
      if (!(await renewLease(server, 'renew'))) await wasLost(server)
      if (++self.renewals > renewalsOfALease) deadServers.begin()
    } catch (cause) {
      if (self.renewals > 0) onFault('The lease of this server cannot be renewed in Redis.', cause)
      self.renewals = 0
    }
  })

  await renewLease(self.server, 'join')
  const timer = setInterval(renew, leaseMs / renewalsOfALease).unref()
  return {
    get server() {
      return self.server
    },
    get living() {
      return self.living
    },
    onLiving: (listener) => void watchers.push(listener),
    onDeath: (inherit) => deadServers.onDeath(inherit),
    onLost: (listener) => void losers.push(listener),
    wasLost,
    close: async () => {
      self.hasLeft = true
      clearInterval(timer)
      // Without a word the others find out a lease later.
      await scripts.leave([serverKeys.living, serverKeys.dead], [self.server]).catch(() => undefined)
    },
    abandon: () => clearInterval(timer),
  }
}
