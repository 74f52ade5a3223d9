import type {
  PermitRequest,
  HeldShare,
  LedgerListener,
  PermitLedger,
  Refusal,
  Share,
} from '../../../environments/concurrency/permit-ledger.ts'
import type { RedisConnection } from '../connection/connection.ts'
import { permitKeys, serverKeys } from '../connection/keys.ts'
import type { Membership } from '../membership/membership.ts'
import { loadScript } from '../connection/script.ts'

/** A ledger that receives the messages of the channel `permitKeys.wanted`. */
export interface RedisPermitLedger extends PermitLedger {
  hear(message: string): void
  /** The connection to Redis was lost: a failover may have lost the last writes. */
  doubt(): void
}

/** The ledger of permits in Redis; each step is one script, so that limits hold however many servers acquire at the same time. */
export function openPermitLedger(connection: RedisConnection, membership: Membership): RedisPermitLedger {
  const load = (name: string) => loadScript(connection, name, import.meta.url)
  const scripts = {
    acquire: load('acquire-permit'),
    release: load('release-permits'),
    inherit: load('inherit-permits'),
    reconcile: load('reconcile-permits'),
  }
  const own = () => permitKeys.permitsOf(membership.server)
  let listener: LedgerListener | undefined

  const acquire = (request: PermitRequest): Promise<'acquired' | Refusal> =>
    asMember(membership, async (server) => {
      const { functionName, reserved = -1, accountLimit, unreservedLimit, isFound = false } = request
      const limits = [accountLimit, unreservedLimit]
      const args = [server, functionName, reserved, ...limits, permitKeys.wanted, isFound ? 'found' : '']
      const keys = [serverKeys.living, permitKeys.booked, permitKeys.permitsOf(server)]
      return (await scripts.acquire(keys, args)) as 'acquired' | Refusal | 'lost'
    })
  const release = async (share: string, permits: number): Promise<void> => {
    await scripts.release([permitKeys.booked, own()], [share, permits])
  }
  const inherit = (dead: string): Promise<void> =>
    asMember(membership, async (server) => {
      const keys = [serverKeys.living, permitKeys.permitsOf(dead), permitKeys.permitsOf(server)]
      const inherited = (await scripts.inherit(keys, [server])) as string[] | 'lost'
      if (inherited === 'lost') return 'lost'
      // If this server was declared dead meanwhile, a successor inherits them again.
      if (server !== membership.server) return
      for (let index = 0; index < inherited.length; index += 2) {
        listener?.onInherited(readShare(inherited[index] ?? ''), Number(inherited[index + 1]))
      }
    })
  const reconcile = (held: () => readonly HeldShare[]): Promise<'reconciled'> =>
    asMember(membership, async (server) => {
      const known = held().flatMap(({ share, permits }) => [writeShare(share), permits])
      const keys = [serverKeys.living, permitKeys.booked, permitKeys.permitsOf(server)]
      return (await scripts.reconcile(keys, [server, ...known])) as 'reconciled' | 'lost'
    })
  /** Inheritance and reconciliation never overlap: inherited permits are not held until the reply has arrived. */
  let last: Promise<void> = Promise.resolve()
  const alone = async (work: () => Promise<unknown>): Promise<void> => {
    const done = last.then(work).then(() => undefined)
    last = done.catch(() => listener?.onDoubt())
    await done
  }

  membership.onLost(() => listener?.onLost())
  membership.onDeath((dead) => alone(() => inherit(dead)))
  return {
    acquire,
    release: (share, permits) => release(writeShare(share), permits),
    // Checks the node that stores the permits: other nodes may be up without it.
    reach: async () => {
      await connection.run((client) => client.exists(permitKeys.booked))
    },
    reconcile: (held) => alone(() => reconcile(held)),
    listen: (given) => (listener = given),
    doubt: () => listener?.onDoubt(),
    hear: (message) => {
      const wanted = JSON.parse(message) as { server: string; functionName?: string; places?: number }
      // Older servers send no number; this server yields nothing to them.
      if (wanted.server !== membership.server) listener?.onWanted(wanted.functionName, wanted.places ?? Infinity)
    },
  }
}

/** Calls Redis as a member; once more, under a new name, when this server was declared dead. */
async function asMember<Answer>(
  membership: Membership,
  ask: (server: string) => Promise<Answer | 'lost'>,
): Promise<Answer> {
  const { server } = membership
  const answer = await ask(server)
  if (answer !== 'lost') return answer
  await membership.wasLost(server)
  const again = await ask(membership.server)
  if (again === 'lost') throw new Error('This server lost its lease in Redis again right after it rejoined.')
  return again
}

const unreservedMark = '~'

function writeShare({ functionName, isReserved }: Share): string {
  return isReserved ? functionName : functionName + unreservedMark
}

function readShare(text: string): Share {
  const isReserved = !text.endsWith(unreservedMark)
  return { functionName: isReserved ? text : text.slice(0, -unreservedMark.length), isReserved }
}
