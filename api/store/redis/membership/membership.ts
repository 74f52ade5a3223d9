import { watchDeadServers, oneAtATime, type Inherit } from './dead-servers.ts'
import type { RedisConnection } from '../connection/connection.ts'
import { serverKeys } from '../connection/keys.ts'
import { loadScript } from '../connection/script.ts'

/** This server among those that share a Redis. */
export interface Membership {
  /** Its name; a new one after its lease was lost, to distinguish it from the dead member. */
  readonly server: string
  /** All members at the last renewal, this one among them, by name. */
  readonly living: readonly string[]
  /** Called when members joined or left. */
  onLiving(listener: () => void): void
  /** `inherit` runs on one living server for each one that died. */
  onDeath(inherit: Inherit): void
  /** Called after this server lost its lease and rejoined: others hold what it held. */
  onLost(listener: () => void): void
  /** Reports that a script found this name not to be a member. Rejects when this server has left. */
  wasLost(server: string): Promise<void>
  /** Leaves; others inherit what it still holds. */
  close(): Promise<void>
  /** Stops as if the process had died. */
  abandon(): void
}

export interface MembershipOptions {
  readonly connection: RedisConnection
  readonly server: string
  /** Time without a renewal after which a server counts as dead, ms. */
  readonly leaseMs?: number
  readonly onFault: (message: string, cause: unknown) => void
}

/** Renewals per lease. */
const renewalsOfALease = 3

/**
 * Joins the servers that share a Redis, and renews the lease until closed. All times are Redis's: the clocks of servers may
 * differ. Only a server that could itself renew for a whole lease declares others dead, so that after an outage of Redis every
 * server has time to renew.
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
  /** Joins under a new name, and notifies the listeners that what the old name held is lost. */
  const rejoin = async (): Promise<void> => {
    self.renewals = 0
    await renewLease(`${options.server}+${String(++self.losses)}`, 'join')
    for (const listener of losers) listener()
  }
  const wasLost = async (server: string): Promise<void> => {
    if (self.hasLeft) throw new Error('This server has left the other servers.')
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
      // If this fails, the others notice when the lease expires.
      await scripts.leave([serverKeys.living, serverKeys.dead], [self.server]).catch(() => undefined)
    },
    abandon: () => clearInterval(timer),
  }
}
