import type { RedisConnection } from './connection.ts'
import { serverKeys } from './keys.ts'
import { loadScript } from './script.ts'

/** Hands what a dead server held to this one; called again after a failure, and must then change nothing twice. */
export type Inherit = (deadServer: string) => Promise<void>

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
  /** A script found that the server of this name is no member any more. */
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
 * Redis nobody is held for dead who just had no time to renew.
 */
export async function joinServers(options: MembershipOptions): Promise<Membership> {
  const { connection, leaseMs = 10_000, onFault } = options
  const scripts = scriptsOf(connection)
  const heirs: Inherit[] = []
  const losers: (() => void)[] = []
  const watchers: (() => void)[] = []
  const self = { server: options.server, living: [options.server], losses: 0, renewals: 0, isBusy: false }
  let rejoining: Promise<void> | undefined

  /** False when the server was held for dead. */
  const renewLease = async (mode: 'join' | 'renew'): Promise<boolean> => {
    const living = (await scripts.renew([serverKeys.living], [self.server, leaseMs, mode])) as string[]
    if (living.length === 0) return false
    const isNew = living.join(' ') !== self.living.join(' ')
    self.living = living
    if (isNew) for (const watcher of watchers) watcher()
    return true
  }
  const rejoin = async (): Promise<void> => {
    self.server = `${options.server}+${String(++self.losses)}`
    self.renewals = 0
    await renewLease('join')
    for (const listener of losers) listener()
  }
  const wasLost = async (server: string): Promise<void> => {
    if (server === self.server) rejoining = rejoin()
    await rejoining
  }
  const renew = async (): Promise<void> => {
    if (self.isBusy) return
    self.isBusy = true
    try {
      if (!(await renewLease('renew'))) await wasLost(self.server)
      if (++self.renewals > renewalsOfALease) await bury(scripts, heirs)
    } catch (cause) {
      if (self.renewals > 0) onFault('The lease of this server cannot be renewed in Redis.', cause)
      self.renewals = 0
    } finally {
      self.isBusy = false
    }
  }

  await renewLease('join')
  const timer = setInterval(() => void renew(), leaseMs / renewalsOfALease).unref()
  return {
    get server() {
      return self.server
    },
    get living() {
      return self.living
    },
    onLiving: (listener) => void watchers.push(listener),
    onDeath: (inherit) => void heirs.push(inherit),
    onLost: (listener) => void losers.push(listener),
    wasLost,
    close: async () => {
      clearInterval(timer)
      // Without a word the others find out a lease later.
      await scripts.leave([serverKeys.living, serverKeys.dead], [self.server]).catch(() => undefined)
    },
    abandon: () => clearInterval(timer),
  }
}

/** Has what dead servers held inherited. */
async function bury(scripts: ReturnType<typeof scriptsOf>, heirs: readonly Inherit[]): Promise<void> {
  const dead = (await scripts.declareDead([serverKeys.living, serverKeys.dead], [])) as string[]
  for (const each of dead) {
    for (const inherit of heirs) await inherit(each)
    await scripts.forget([serverKeys.dead], [each])
  }
}

function scriptsOf(connection: RedisConnection) {
  const load = (name: string) => loadScript(connection, name, import.meta.url)
  return {
    renew: load('renew-server'),
    declareDead: load('declare-dead'),
    forget: load('forget-server'),
    leave: load('leave-servers'),
  }
}
