import type { Socket } from 'node:net'
import { clientCheck, type AllowedClients } from './client-check.ts'
import { createRefusalReport, notOfEnvironment, refuseClient } from './refuse-client.ts'

/** Who may use the APIs of an environment. */
export interface Clients {
  /** Whether this connection is served. Answers others with 403. */
  admit(socket: Socket): boolean
}

/** Everybody, where the environment has a network of its own. */
const everybody: Clients = { admit: () => true }

/** The clients that an environment serves; `operator` gets a line on those that are refused. */
export function clientsOf(allowed: AllowedClients | undefined, operator: { warn(line: string): void }): Clients {
  if (allowed === undefined) return everybody
  const check = clientCheck(allowed)
  const tell = createRefusalReport((line) => operator.warn(line))
  return {
    admit(socket) {
      const foreign = check(socket)
      if (foreign === undefined) return true
      refuseClient(socket, notOfEnvironment)
      tell(foreign)
      return false
    },
  }
}
