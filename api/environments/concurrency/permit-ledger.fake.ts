import type { PermitRequest, LedgerListener, PermitLedger, Refusal, Share } from './permit-ledger.ts'

interface FakeServer {
  listener: LedgerListener | undefined
  readonly shares: Map<string, { readonly share: Share; permits: number }>
  isLost: boolean
}

/** In-memory ledgers that share their state, for tests. */
export function fakeLedgers() {
  const servers = new Map<PermitLedger, FakeServer>()
  const all = (): FakeServer[] => [...servers.values()]
  const sum = (counts: (share: Share) => boolean) =>
    all()
      .flatMap(({ shares }) => [...shares.values()])
      .reduce((total, { share, permits }) => total + (counts(share) ? permits : 0), 0)
  const add = ({ shares }: FakeServer, share: Share, count: number): void => {
    const key = JSON.stringify(share)
    const before = shares.get(key)?.permits ?? 0
    shares.set(key, { share, permits: Math.max(0, before + count) })
  }
  const refusalOf = ({ functionName, reserved, accountLimit, unreservedLimit }: PermitRequest): Refusal | undefined => {
    if (reserved !== undefined && sum((share) => share.functionName === functionName) >= reserved) return 'function'
    const isShort = reserved === undefined && sum((share) => !share.isReserved) >= unreservedLimit
    if (isOutside(functionName)) return undefined
    return isShort || sum((share) => !isOutside(share.functionName)) >= accountLimit ? 'account' : undefined
  }
  const tell = (server: FakeServer, name: string | undefined) => {
    const permits = server.shares.get(JSON.stringify({ functionName: name, isReserved: true }))?.permits ?? 0
    all().forEach((each) => each !== server && each.listener?.onWanted(name, permits))
  }

  /** The server rejoins. */
  const noticeLoss = (server: FakeServer): void => {
    if (server.isLost) server.listener?.onLost()
    server.isLost = false
  }

  function open(): PermitLedger {
    const server: FakeServer = { listener: undefined, shares: new Map(), isLost: false }
    const ledger: PermitLedger = {
      async acquire(request) {
        const { functionName, reserved } = request
        noticeLoss(server)
        const refusal = request.isFound === true ? undefined : refusalOf(request)
        if (refusal === undefined) add(server, { functionName, isReserved: reserved !== undefined }, 1)
        else tell(server, refusal === 'function' ? functionName : undefined)
        return refusal ?? 'acquired'
      },
      release: async (share, count) => add(server, share, -count),
      async reconcile(held) {
        noticeLoss(server)
        server.shares.clear()
        for (const { share, permits } of held()) add(server, share, permits)
      },
      reach: async () => undefined,
      listen: (given) => (server.listener = given),
    }
    servers.set(ledger, server)
    return ledger
  }

  /** The server's permits pass to another one. */
  function die(ledger: PermitLedger): void {
    const server = servers.get(ledger)
    const successor = all().find((each) => each !== server)
    if (server === undefined || successor === undefined) return
    server.isLost = true
    for (const { share, permits } of server.shares.values()) {
      add(successor, share, permits)
      successor.listener?.onInherited(share, permits)
    }
    server.shares.clear()
  }
  /** The ledger loses the server's permits, as in a failover to a replica without the last writes. */
  function forget(ledger: PermitLedger): void {
    servers.get(ledger)?.shares.clear()
    servers.get(ledger)?.listener?.onDoubt()
  }
  return { open, die, forget, held: (name: string) => sum((share) => share.functionName === name) }
}

const isOutside = (functionName: string): boolean => functionName.startsWith(':')
