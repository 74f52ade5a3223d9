import type { AddressInfo } from 'node:net'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { adoptEnvironments } from './environments/adoption.ts'
import { RuntimeUnavailable, type Driver } from './environments/driver.ts'
import { PreparationFailed } from './functions/activation.ts'
import { LambdaError } from './errors.ts'
import { createProcessDriver } from './environments/process-driver.ts'
import { buildSupervisor } from './environments/process/supervisor-file.ts'
import { countConcurrency, type Concurrency } from './environments/concurrency.ts'
import { createScheduler } from './environments/scheduler.ts'
import { createSharedConcurrency } from './environments/shared-concurrency.ts'
import { createCounters } from './events/counters.ts'
import { createDeliver } from './events/destinations/deliver.ts'
import { createDispatcher, type Dispatcher } from './events/dispatcher.ts'
import type { QueuedEvent } from './events/queue.ts'
import { createSettingsOf } from './events/settings.ts'
import type { CodeStore } from './functions/code-store.ts'
import type { Documents } from './functions/documents.ts'
import { createLayers } from './functions/layers.ts'
import { createLifecycle } from './functions/lifecycle.ts'
import type { Catalogue } from './functions/catalogue.ts'
import { latestVersion } from './functions/function.ts'
import { findVersion } from './functions/resolve.ts'
import { codeInUse } from './functions/code-in-use.ts'
import { environmentKey, environmentSpec } from './invoke/environment-spec.ts'
import { createInvoke } from './invoke/invoke.ts'
import { createProvisioning, type Allocator } from './invoke/provisioning.ts'
import { drainStale } from './invoke/stale-environments.ts'
import { queuedRequest } from './invoke/queued-request.ts'
import type { Log } from './observe/log.ts'
import { handlersOf } from './routes/handlers.ts'
import { createAwsLayerSource } from './store/aws-layer-source.ts'
import { openCodeStore } from './store/code/open-code-store.ts'
import { openStore, type Store } from './store/open-store.ts'
import { createS3ObjectSource } from './store/s3-object-source.ts'

/** What the world outside the process gives: time, ids, chance, and where lines go. */
export interface Surroundings {
  readonly log: Log
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly ids: () => string
  readonly random: () => number
}

export interface Server {
  readonly address: string
  /** Takes no more requests, lets running invocations end, and keeps everything that was answered. */
  close(): Promise<void>
}

/** The longest an invocation may run on AWS, and what ending its environment may take beyond it. */
const longestInvocationMs = 905_000
/** While the server ends, connections without a request are closed this often. */
const hangUpMs = 50
/** Asynchronous events that run at once; the rest of the account's concurrency is for those who wait for an answer. */
const eventsAtOnce = 100
const sweepMs = 3_600_000
/** What another replica leaves under way for so long is completed here. */
const takeOverMs = 10_000

/**
 * Puts the server together and listens. What an earlier server left under way is completed: deployments, and events that
 * were accepted. A data folder or port that cannot be used is an error of one line.
 */
export async function startServer(config: Config, surroundings: Surroundings): Promise<Server> {
  const { log, now, ids } = surroundings
  const parts = await assemble(config, surroundings)
  const { store, codeStore, scheduler, provisioning, dispatcher, lifecycle } = parts
  let isReady = false
  const link = { linkKey: store.linkKey, nowMs: now }
  const logError = (line: string, cause: unknown) => log.error(line, cause)
  const app = buildApp({
    handlers: handlersOf({ ...parts, ...link, concurrency: config.concurrency, newId: ids, now, logError }),
    router: { ids, logError },
    codeDownload: { ...link, codeStore },
    functionUrls: { ...parts, now, logError: (line, cause) => log.error(line, cause) },
    isReady: () => isReady,
  })
  const stopSweeping = await sweepRegularly(parts, log)
  await parts.adopt()
  await lifecycle.resume()
  await provisioning.start()
  const stopFollowing = followReplicas(parts, log)
  await app.listen({ host: config.host, port: config.port })
  dispatcher.start()
  isReady = true
  return {
    address: addressOf(config.host, app.server.address() as AddressInfo),
    async close() {
      isReady = false
      stopSweeping()
      stopFollowing()
      // A connection that is busy now is idle, and in the way of the end, once it has its answer.
      const hangUp = setInterval(() => app.server.closeIdleConnections(), hangUpMs)
      await Promise.all([app.close(), dispatcher.close(longestInvocationMs)])
      clearInterval(hangUp)
      await lifecycle.settled()
      await scheduler.close(longestInvocationMs)
      await store.close()
    },
  }
}

/** Makes every part once: the store, where code runs, what invokes it, and what keeps the functions. */
async function assemble(config: Config, { log, now, ids, random }: Surroundings) {
  const { accountId, region, dataFolder, concurrency, idleMs, s3Endpoint, layerEndpoint, redisUrl } = config
  const home = { accountId, region }
  const store = await openStore({ dataFolder, redisUrl, replicaId: ids(), log, now })
  const { catalogue, documents } = store
  const codeStore = await openCodeStore({ ...config, now })
  const nextToken = growingTokens(now)
  const driver = await createDriver(config, { codeStore, log, nextToken })
  const scheduler = createScheduler({
    driver,
    concurrency: createConcurrency(concurrency, store, () => provisioning.committed(), log),
    idleMs,
    log,
  })
  const onFault = (message: string, cause: unknown) => log.error(message, cause)
  const provisioning: Allocator = createProvisioning({ catalogue, scheduler, onFault })
  const invoke = createInvoke({ ...home, catalogue: store.invocationCatalogue, scheduler, random })
  const [settingsOf, counters] = [createSettingsOf(catalogue), createCounters()]
  const accept = (event: QueuedEvent) => dispatcher.accept(event)
  const deliver = createDeliver(config.destinations, { ...home, accept, settingsOf, now })
  const dispatcher: Dispatcher = createDispatcher({
    queue: store.events,
    run: (event) => invoke.run(queuedRequest(event)),
    settingsOf,
    deliver,
    counters,
    retryDelayMs: config.retryDelayMs,
    keptFailures: config.keptFailures,
    log,
    concurrency: Math.min(concurrency, eventsAtOnce),
    now,
  })
  const stamp = { nowMs: now, newId: ids }
  const objects = s3Endpoint === undefined ? undefined : createS3ObjectSource(s3Endpoint, region)
  const kept = { ...home, catalogue, documents, codeStore, objects, stamp }
  const layers = createLayers(kept)
  const lifecycle = createLifecycle({
    ...kept,
    layers,
    foreignLayers: layerEndpoint === undefined ? undefined : createAwsLayerSource(layerEndpoint, region),
    prepare: (record, version) => scheduler.prepare(environmentSpec(record, version)).catch(explainPreparation),
    drain: (name, version) => {
      scheduler.drain(version === undefined ? name : environmentKey(name, version))
      provisioning.refresh(name)
    },
    onChange: (name) => provisioning.refresh(name),
    onFault,
  })
  const specOf = async (name: string, qualifier: string) => {
    const found = await findVersion({ ...home, catalogue }, { name, qualifier }).catch(() => undefined)
    const version = qualifier === latestVersion ? (found?.record.serving ?? found?.version) : found?.version
    return found === undefined || version === undefined ? undefined : environmentSpec(found.record, version)
  }
  const { shared } = driver
  const adopt = async () => {
    if (shared !== undefined) await adoptEnvironments({ shared, scheduler, specOf, nextToken, log })
  }
  return {
    ...home,
    store,
    catalogue,
    documents,
    codeStore,
    scheduler,
    provisioning,
    invoke,
    dispatcher,
    layers,
    lifecycle,
    adopt,
  }
}

/** Limits are held here alone, or with the servers that share the store. */
function createConcurrency(accountLimit: number, { shared }: Store, committed: () => number, log: Log): Concurrency {
  if (shared === undefined) return countConcurrency(accountLimit, committed)
  const onFault = (message: string, cause: unknown) => log.error(message, cause)
  return createSharedConcurrency({ ledger: shared.places, accountLimit, committed, onFault })
}

/** An image that cannot be had is for the function's owner to read. */
function explainPreparation(cause: unknown): never {
  throw cause instanceof RuntimeUnavailable ? new PreparationFailed(cause.message, 'InvalidImage') : cause
}

/** The driver that the settings ask for. What only one of them needs is loaded with it. */
async function createDriver(
  { accountId, region, dataFolder, kubernetes }: Config,
  parts: { codeStore: CodeStore; log: Log; nextToken: () => Promise<number> },
): Promise<Driver> {
  const home = { accountId, region, ...parts }
  if (kubernetes === undefined) {
    return createProcessDriver({ ...home, dataFolder, supervisorFile: await buildSupervisor(dataFolder) })
  }
  const { openKubernetesDriver } = await import('../k8s/open.ts')
  return openKubernetesDriver({ ...home, settings: kubernetes, code: parts.codeStore })
}

/** Tokens that grow with each call and each start, as long as the clock is not set back by more than a start takes. */
function growingTokens(now: () => number): () => Promise<number> {
  let token = 0
  return () => {
    token = Math.max(token + 1, now() * 1000)
    return Promise.resolve(token)
  }
}

interface SweptParts {
  readonly catalogue: Catalogue
  readonly documents: Documents
  readonly codeStore: CodeStore
}

/** Removes packages that neither a function nor a layer names any more, now and every hour; answers how to stop. */
async function sweepRegularly(parts: SweptParts, log: Log): Promise<() => void> {
  const sweep = async () => parts.codeStore.sweep(await codeInUse(parts.catalogue, parts.documents))
  await sweep()
  const timer = setInterval(() => {
    sweep().catch((cause: unknown) => log.error('Packages out of use could not be removed.', cause))
  }, sweepMs).unref()
  return () => clearInterval(timer)
}

/** Keeps up with what other replicas change, and completes what they left under way; answers how to stop. */
function followReplicas(parts: Awaited<ReturnType<typeof assemble>>, log: Log): () => void {
  const { store, lifecycle } = parts
  if (store.shared === undefined) return () => undefined
  const quietly = (work: Promise<void>) => {
    work.catch((cause: unknown) => {
      if (!(cause instanceof LambdaError)) log.error('What other replicas did could not be followed.', cause)
    })
  }
  store.shared.onChange((name) => quietly(drainStale(parts, name)))
  const timer = setInterval(() => quietly(lifecycle.takeOver()), takeOverMs).unref()
  return () => clearInterval(timer)
}

function addressOf(host: string, { port }: AddressInfo): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`
}
