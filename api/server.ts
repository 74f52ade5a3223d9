import { setTimeout as delay } from 'node:timers/promises'
import { buildApp } from './routes/app.ts'
import { assemble, type Parts, type Surroundings } from './assembly.ts'
import { openAuthentication, type Authentication } from './authentication/authentication.ts'
import type { Settings } from './settings/settings.ts'
import { isStoreUnavailable, LambdaError } from './errors.ts'
import { drainAllStale, drainStale } from './environments/scheduling/stale-environments.ts'
import type { Log } from './observe/log.ts'
import { createBodyThread } from './routes/http/bodies/body-thread.ts'
import { openListener, type Listener } from './routes/http/listener.ts'
import { handlersOf } from './routes/handlers.ts'
import { openCredentialsFile } from './store/credentials/credentials-file.ts'

export interface Server {
  readonly address: string
  /** Resolves when requests are served; rejects with one line when the settings cannot be used. */
  readonly ready: Promise<void>
  /** Rejects new requests, waits for running invocations, and stores everything that was acknowledged. */
  close(): Promise<void>
}

/** The longest an invocation may run on AWS, and what ending its environment may take beyond it. */
const maxInvocationMs = 905_000
/** How often to look for deployments and environments that another server left behind. */
const takeOverMs = 10_000
/** How often to remove the leases of environments that have ended. */
const forgetMs = 30_000
/** The retry interval while the store is unavailable during the start. */
const retryMs = 500

/**
 * Opens the listener, which answers 503 until the server has started. The start waits for a store or cluster that is not reachable yet.
 * Rejects with an error of one line when the port cannot be used.
 */
export async function startServer(settings: Settings, surroundings: Surroundings): Promise<Server> {
  const listener = await openListener(settings.host, settings.port)
  const stopping = new AbortController()
  const opening = putTogether(settings, surroundings, listener, stopping.signal)
  opening.catch(() => undefined)
  return {
    address: listener.address,
    ready: opening.then(() => undefined),
    async close() {
      stopping.abort()
      const close = await opening.catch(() => undefined)
      await (close === undefined ? listener.close() : close())
    },
  }
}

/**
 * Starts the server, and lets the listener serve requests; returns how to close. Completes the deployments and accepted events that an
 * earlier server left. Rejects with an error of one line when the data folder cannot be used.
 */
async function putTogether(
  settings: Settings,
  surroundings: Surroundings,
  listener: Listener,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const authentication = await openAuthentication(settings, { ...surroundings, openCredentialsFile })
  const parts = await assemble(settings, surroundings, signal)
  const { store, scheduler, provisioning, events, lifecycle, sources } = parts
  const { dispatcher } = events
  const state = { isReady: false }
  const app = createApp(settings, surroundings, { ...parts, authentication, listener }, () => state.isReady)
  const endings: (() => void)[] = [
    () => authentication.close(),
    () => provisioning.close(),
    () => parts.initialisation.close(),
    () => parts.codeSweep.stop(),
  ]
  const close = async () => {
    const wasReady = state.isReady
    state.isReady = false
    listener.beginShutdown()
    if (wasReady) await delay(settings.drainMs)
    for (const end of endings) end()
    await Promise.all([listener.close(), app.close(), dispatcher.close(maxInvocationMs), sources.close()])
    await lifecycle.close()
    await scheduler.close(maxInvocationMs)
    await store.close()
  }
  try {
    await app.ready()
    await whenThere(() => parts.codeSweep.start(), signal)
    await whenThere(async () => parts.adoption?.look(), signal)
    await whenThere(() => events.deletedFunctions.discardAll(), signal)
    await whenThere(() => lifecycle.resume(), signal)
    // Subscribes first, so that no change is missed.
    endings.push(followReplicas(parts, surroundings.log))
    await whenThere(() => provisioning.start(), signal)
  } catch (fault) {
    await close()
    throw fault
  }
  dispatcher.start()
  sources.start()
  state.isReady = true
  authentication.announce()
  listener.serve((request, response) => app.routing(request, response))
  return close
}

/** Runs an idempotent step of the start, and retries while the store is unavailable. */
async function whenThere<Result>(step: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (;;) {
    try {
      return await step()
    } catch (fault) {
      if (!isStoreUnavailable(fault)) throw fault
      await delay(retryMs, undefined, { signal })
    }
  }
}

function createApp(
  settings: Settings,
  { log, now, ids }: Surroundings,
  parts: Parts & { readonly authentication: Authentication; readonly listener: Listener },
  isReady: () => boolean,
) {
  const { store, codeStore, events, authentication, listener } = parts
  const { verifier } = authentication
  const { dispatcher } = events
  const bodyThread = createBodyThread()
  const link = { linkKey: store.linkKey, nowMs: now }
  const logError = (line: string, cause: unknown) => log.error(line, cause)
  return buildApp({
    handlers: handlersOf({
      ...parts,
      ...link,
      bodyThread,
      dispatcher,
      concurrency: settings.concurrency,
      maxCodeBytes: settings.maxCodeBytes,
      urlHost: settings.urlHost,
      newId: ids,
      now,
      logError,
    }),
    router: { ids, logError, bodyThread },
    browsers: { isLoopback: listener.isLoopback, allowedHosts: settings.allowedHosts },
    authentication: { verifier, accountId: settings.accountId },
    codeDownload: { ...link, codeStore },
    failedEvents: events,
    functionUrls: { ...parts, verifier, now, logError },
    isReady,
    isolation: parts.isolation,
  })
}

/** Follows changes by other servers, and completes what dead ones left; returns how to stop. */
function followReplicas(parts: Parts, log: Log): () => void {
  const { store, events, lifecycle, adoption, provisioning, sweepLeases } = parts
  if (store.shared === undefined) return () => undefined
  const ending = new AbortController()
  const quietly = (work: Promise<void>) => {
    work.catch((cause: unknown) => {
      if (!(cause instanceof LambdaError || ending.signal.aborted))
        log.error('Changes by other servers could not be applied.', cause)
    })
  }
  store.shared.onChange((name) => {
    // Events of a function that was deleted must not run under its successor.
    events.dispatcher.forget(name)
    quietly(drainStale(parts, name))
    quietly(Promise.resolve(adoption?.endStale(name)))
    provisioning.refresh(name)
    parts.codeSweep.note()
  })
  store.shared.onMissed(() => {
    quietly(whenThere(() => drainAllStale(parts), ending.signal))
    quietly(whenThere(() => provisioning.start(), ending.signal))
  })
  const takeOver = async () => {
    await lifecycle.takeOver()
    await adoption?.look()
  }
  store.shared.onDeath(async () => adoption?.look())
  const timers = [setInterval(() => quietly(takeOver()), takeOverMs).unref()]
  if (sweepLeases !== undefined) timers.push(setInterval(() => quietly(sweepLeases()), forgetMs).unref())
  return () => {
    ending.abort()
    timers.forEach((timer) => clearInterval(timer))
  }
}
