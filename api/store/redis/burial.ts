import type { RedisConnection } from './connection.ts'
import { serverKeys } from './keys.ts'
import { loadScript } from './script.ts'

/** Hands what a dead server held to this one; called again after a failure, and must then change nothing twice. */
export type Inherit = (deadServer: string) => Promise<void>

/** Has what dead servers held inherited. */
export interface Burial {
  onDeath(inherit: Inherit): void
  /** Looks for the dead, unless it does already. Heirs may take longer than a lease lasts, so nothing waits for them. */
  begin(): void
}

/** Of failures in a row the first is told. */
export function createBurial(connection: RedisConnection, onFault: (message: string, cause: unknown) => void): Burial {
  const load = (name: string) => loadScript(connection, name, import.meta.url)
  const [declareDead, forget] = [load('declare-dead'), load('forget-server')]
  const heirs: Inherit[] = []
  let hasFailed = false

  const bury = async (): Promise<void> => {
    const dead = (await declareDead([serverKeys.living, serverKeys.dead], [])) as string[]
    for (const each of dead) {
      for (const inherit of heirs) await inherit(each)
      await forget([serverKeys.dead], [each])
    }
  }
  const begin = oneAtATime(async () => {
    try {
      await bury()
      hasFailed = false
    } catch (cause) {
      if (!hasFailed) onFault('What a dead server held cannot be inherited; this is tried again.', cause)
      hasFailed = true
    }
  })
  return { onDeath: (inherit) => void heirs.push(inherit), begin }
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
