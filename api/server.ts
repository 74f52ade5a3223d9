import type { AddressInfo } from 'node:net'
import { buildApp } from './app.ts'
import { openAccess } from './access.ts'
import { assemble, type Parts, type Surroundings } from './assembly.ts'
import type { Config } from './config.ts'
import { LambdaError } from './errors.ts'
import { codeInUse } from './functions/code-in-use.ts'
import { drainStale } from './invoke/stale-environments.ts'
import type { Log } from './observe/log.ts'
import { handlersOf } from './routes/handlers.ts'

export interface Server {
  readonly address: string
  /** Takes no more requests, lets running invocations end, and keeps everything that was answered. */
  close(): Promise<void>
}

/** The longest an invocation may run on AWS, and what ending its environment may take beyond it. */
const longestInvocationMs = 905_000
/** While the server ends, connections without a request are closed this often. */
const hangUpMs = 50
const sweepMs = 3_600_000
/** What another replica leaves under way for so long is completed here. */
const takeOverMs = 10_000

/**
 * Puts the server together and listens. What an earlier server left under way is completed: deployments, and events that
 * were accepted. A data folder or port that cannot be used is an error of one line.
 */
export async function startServer(config: Config, surroundings: Surroundings): Promise<Server> {
  const { log, now, ids } = surroundings
  const access = await openAccess(config, surroundings)
  const parts = await assemble(config, surroundings)
  const { store, codeStore, scheduler, provisioning, events, lifecycle, sources } = parts
  const { dispatcher } = events
  let isReady = false
  const link = { linkKey: store.linkKey, nowMs: now }
  const logError = (line: string, cause: unknown) => log.error(line, cause)
  const app = buildApp({
    handlers: handlersOf({ ...parts, ...link, dispatcher, concurrency: config.concurrency, newId: ids, now, logError }),
    router: { ids, logError },
    authentication: { verifier: access.verifier, accountId: config.accountId },
    codeDownload: { ...link, codeStore },
    keptEvents: events,
    functionUrls: { ...parts, verifier: access.verifier, now, logError },
    isReady: () => isReady,
  })
  const stopSweeping = await sweepRegularly(parts, log)
  await parts.adoption?.look()
  await lifecycle.resume()
  await provisioning.start()
  const stopFollowing = followReplicas(parts, log)
  await app.listen({ host: config.host, port: config.port })
  dispatcher.start()
  sources.start()
  isReady = true
  access.announce()
  return {
    address: addressOf(config.host, app.server.address() as AddressInfo),
    async close() {
      isReady = false
      access.close()
      stopSweeping()
      stopFollowing()
      provisioning.close()
      // A connection that is busy now is idle, and in the way of the end, once it has its answer.
      const hangUp = setInterval(() => app.server.closeIdleConnections(), hangUpMs)
      await Promise.all([app.close(), dispatcher.close(longestInvocationMs), sources.close()])
      clearInterval(hangUp)
      await lifecycle.settled()
      await scheduler.close(longestInvocationMs)
      await store.close()
    },
  }
}

/** Removes packages that neither a function nor a layer names any more, now and every hour; answers how to stop. */
async function sweepRegularly(parts: Parts, log: Log): Promise<() => void> {
  const sweep = async () => parts.codeStore.sweep(await codeInUse(parts.catalogue, parts.documents))
  await sweep()
  const timer = setInterval(() => {
    sweep().catch((cause: unknown) => log.error('Packages out of use could not be removed.', cause))
  }, sweepMs).unref()
  return () => clearInterval(timer)
}

/** Keeps up with what other replicas change, and completes what they left under way; answers how to stop. */
function followReplicas(parts: Parts, log: Log): () => void {
  const { store, lifecycle, adoption, provisioning } = parts
  if (store.shared === undefined) return () => undefined
  const quietly = (work: Promise<void>) => {
    work.catch((cause: unknown) => {
      if (!(cause instanceof LambdaError)) log.error('What other replicas did could not be followed.', cause)
    })
  }
  store.shared.onChange((name) => {
    quietly(drainStale(parts, name))
    provisioning.refresh(name)
  })
  const takeOver = async () => {
    await lifecycle.takeOver()
    await adoption?.look()
  }
  store.shared.onDeath(async () => adoption?.look())
  const timer = setInterval(() => quietly(takeOver()), takeOverMs).unref()
  return () => clearInterval(timer)
}

function addressOf(host: string, { port }: AddressInfo): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`
}
