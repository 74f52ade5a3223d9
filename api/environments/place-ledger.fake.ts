import type { LedgerListener, PlaceLedger } from './place-ledger.ts'

interface FakeServer {
  listener: LedgerListener | undefined
  readonly places: Map<string, number>
  isLost: boolean
}

/** Ledgers that share one memory, for tests. */
export function fakeLedgers() {
  const servers = new Map<PlaceLedger, FakeServer>()
  const all = (): FakeServer[] => [...servers.values()]
  const sum = (name?: string) =>
    all()
      .flatMap(({ places }) => [...places])
      .reduce((total, [each, count]) => total + (name === undefined || each === name ? count : 0), 0)
  const add = ({ places }: FakeServer, name: string, count: number): number => {
    const before = places.get(name) ?? 0
    places.set(name, Math.max(0, before + count))
    return Math.min(before, -count)
  }
  const tell = (server: FakeServer, name: string | undefined) =>
    all().forEach((each) => each !== server && each.listener?.onWanted(name))

  function open(): PlaceLedger {
    const server: FakeServer = { listener: undefined, places: new Map(), isLost: false }
    const ledger: PlaceLedger = {
      async book({ functionName, reserved = Infinity, accountLimit }) {
        if (server.isLost) server.listener?.onLost()
        server.isLost = false
        const isFunctionFull = sum(functionName) >= reserved
        if (isFunctionFull || sum() >= accountLimit) {
          tell(server, isFunctionFull ? functionName : undefined)
          return isFunctionFull ? 'function' : 'account'
        }
        add(server, functionName, 1)
        return 'booked'
      },
      giveBack: async (functionName, count) => void add(server, functionName, -count),
      listen: (given) => (server.listener = given),
    }
    servers.set(ledger, server)
    return ledger
  }

  /** The server's places pass to another one. */
  function die(ledger: PlaceLedger): void {
    const server = servers.get(ledger)
    const heir = all().find((each) => each !== server)
    if (server === undefined || heir === undefined) return
    server.isLost = true
    for (const [name, count] of server.places) {
      add(heir, name, count)
      heir.listener?.onInherited(name, count)
    }
    server.places.clear()
  }
  return { open, die, booked: (name: string) => sum(name) }
}
