import type { RedisConnection } from '../connection/connection.ts'
import { serverKeys } from '../connection/keys.ts'
import { loadScript } from '../connection/script.ts'

/** Takes over what a dead server held. Must be idempotent: it is retried after a failure. */
export type Inherit = (deadServer: string) => Promise<void>

/** Takes over what dead servers held. */
export interface DeadServers {
  onDeath(inherit: Inherit): void
  /** Looks for dead servers, unless a search is running. Not awaited, as taking over may last longer than a lease. */
  begin(): void
}

/** Reports only the first of consecutive failures. */
export function watchDeadServers(
  connection: RedisConnection,
  onFault: (message: string, cause: unknown) => void,
): DeadServers {
  const load = (name: string) => loadScript(connection, name, import.meta.url)
  const [declareDead, forget] = [load('declare-dead'), load('forget-dead-server')]
  const successors: Inherit[] = []
  let hasFailed = false

  const inheritAll = async (): Promise<void> => {
    const dead = (await declareDead([serverKeys.living, serverKeys.dead], [])) as string[]
    for (const each of dead) {
      for (const inherit of successors) await inherit(each)
      await forget([serverKeys.dead], [each])
    }
  }
  const begin = oneAtATime(async () => {
    try {
      await inheritAll()
      hasFailed = false
    } catch (cause) {
      if (!hasFailed) onFault('The resources of a dead server could not be taken over; retrying.', cause)
      hasFailed = true
    }
  })
  return { onDeath: (inherit) => void successors.push(inherit), begin }
}

/** Returns a function that starts the work, which never rejects, unless it is running. */
export function oneAtATime(work: () => Promise<void>): () => void {
  let isBusy = false
  return () => {
    if (isBusy) return
    isBusy = true
    void work().finally(() => (isBusy = false))
  }
}
