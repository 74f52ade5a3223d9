import type { RedisConnection } from '../connection/connection.ts'
import { serverKeys } from '../connection/keys.ts'
import { loadScript } from '../connection/script.ts'

/** Hands what a dead server held to this one; called again after a failure, and must then change nothing twice. */
export type Inherit = (deadServer: string) => Promise<void>

/** Passes what dead servers held to this one. */
export interface DeadServers {
  onDeath(inherit: Inherit): void
  /** Looks for dead servers, unless it does already. Successors may take longer than a lease lasts, so nothing waits for them. */
  begin(): void
}

/** Of failures in a row only the first is reported. */
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
      if (!hasFailed) onFault('What a dead server held cannot be inherited; this is tried again.', cause)
      hasFailed = true
    }
  })
  return { onDeath: (inherit) => void successors.push(inherit), begin }
}

/** Answers what begins the work, which never rejects, unless it is under way. */
export function oneAtATime(work: () => Promise<void>): () => void {
  let isBusy = false
  return () => {
    if (isBusy) return
    isBusy = true
    void work().finally(() => (isBusy = false))
  }
}
