import type { Settings } from './settings/settings.ts'
import { createAdoption, type Adoption } from './environments/sharing/adoption.ts'
import { countConcurrency, type Concurrency } from './environments/concurrency/concurrency.ts'
import { RuntimeUnavailable, type Driver } from './environments/driver/driver.ts'
import { createLeaseSweep } from './environments/sharing/lease-sweep.ts'
import { ownLeases, type EnvironmentLeases } from './environments/sharing/leases.ts'
import { createProcessDriver } from './environments/process/process-driver.ts'
import { buildSupervisor } from './environments/process/bundles/supervisor-file.ts'
import { createScheduler, type Scheduler } from './environments/scheduling/scheduler.ts'
import {
  createSharedConcurrency,
  type SharedConcurrencyOptions,
} from './environments/concurrency/shared-concurrency.ts'
import { createSharing } from './environments/sharing/parked-environments.ts'
import { LambdaError } from './errors.ts'
import { openEvents, type Events } from './events/events.ts'
import { PreparationFailed } from './functions/versions/activation.ts'
import type { Home } from './functions/function/arn.ts'
import { createCodeSweep, type CodeSweep } from './store/code/code-sweep.ts'
import { createCodeHolds, type CodeHolds } from './functions/code/code-holds.ts'
import { codeInUse } from './functions/code/code-in-use.ts'
import type { CodeStore } from './functions/code/code-store.ts'
import { latestVersion } from './functions/function/function.ts'
import { createLayers } from './functions/layers/layers.ts'
import { createLifecycle } from './functions/lifecycle.ts'
import { findVersion } from './functions/versions/resolve.ts'
import { createMutex } from './functions/concurrency/mutex.ts'
import { environmentKey, environmentSpec } from './environments/scheduling/environment-spec.ts'
import { createInitialisation } from './environments/provisioning/initialisation.ts'
import { createInvoke, type Invoke } from './invoke/invoke.ts'
import { createProvisioning, type Allocator } from './environments/provisioning/allocator.ts'
import { queuedRequest } from './invoke/queued-request.ts'
import type { Log } from './observe/log.ts'
import type { OpenEntryStream } from './sources/redis-streams/entry-stream.ts'
import { createServerSources } from './sources/server-sources.ts'
import { createEc2Network } from './aws/ec2-network.ts'
import { createAwsLayerSource } from './store/code-sources/aws-layer-source.ts'
import { openCodeStore } from './store/code/open-code-store.ts'
import { openStore, type Store } from './store/open-store.ts'
import { createRegistryImageSource } from './store/code-sources/registry-image-source.ts'
import { createS3ObjectSource } from './store/code-sources/s3-object-source.ts'

/** External dependencies: time, ids, randomness and the log. */
export interface Surroundings {
  readonly log: Log
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly ids: () => string
  readonly random: () => number
}

/** Most concurrent asynchronous events; the rest of the account's concurrency is for synchronous invocations. */
const eventsAtOnce = 100

const unsharedCode =
  'KUBELAMBDA_CODE_URL is not set: code is kept in the data folder of this server, and other servers on the same Redis cannot ' +
  'run the functions that are made here. Set it to a folder or bucket that all of them reach.'

export type Parts = Awaited<ReturnType<typeof assemble>>

/**
 * Makes every part once; nothing listens or runs yet. A store or cluster that is unreachable is waited for, until the
 * signal aborts.
 *
 * 1. store          what is kept, here or in Redis, and code          store/
 * 2. environments   where code runs, and the limits                   environments/
 * 3. invoke         one invocation; events and sources that ask for it  invoke/, events/, sources/
 * 4. functions      the control plane over all of these               functions/
 */
export async function assemble(settings: Settings, surroundings: Surroundings, signal?: AbortSignal) {
  const { log, now, ids } = surroundings
  const { dataFolder, redisUrl } = settings
  const store = await openStore({ dataFolder, redisUrl, replicaId: ids(), log, now, signal })
  try {
    return await assembleOver(store, settings, surroundings, signal)
  } catch (fault) {
    await store.close()
    throw fault
  }
}

async function assembleOver(
  store: Store,
  settings: Settings,
  surroundings: Surroundings,
  signal: AbortSignal | undefined,
) {
  const { log, now, ids } = surroundings
  const { accountId, region, codeUrl } = settings
  if (store.shared !== undefined && codeUrl === undefined) log.warn(unsharedCode)
  const home = { accountId, region }
  const clock = () => performance.now()
  const codeStore = await openCodeStore({ ...settings, clock, warn: (line) => log.warn(line) })
  const { catalogue, documents } = store
  const codeHolds = createCodeHolds()
  const codeSweep = createCodeSweep({
    sweep: async () => codeStore.sweep(await codeInUse(catalogue, documents), codeHolds),
    log,
  })
  const base = { settings, surroundings, home, store, codeStore, codeHolds, codeSweep, signal }
  const environments = await assembleEnvironments(base)
  const { scheduler } = environments
  const invoke = createInvoke({
    ...home,
    catalogue: store.invocationCatalogue,
    scheduler,
    random: surroundings.random,
  })
  const events = assembleEvents(base, invoke)
  const functions = assembleFunctions(base, environments, events)
  const { sources, sourceCheck } = createServerSources({
    ...home,
    documents: store.documents,
    invoke,
    endpoints: settings.sourceEndpoints,
    leases: store.shared?.sourceLeases,
    deliver: events.deliver,
    openEntryStream: entryStreams(settings),
    accept: (event, knownForMs) => events.dispatcher.accept(event, knownForMs),
    log,
    newId: ids,
    now,
  })
  const runExclusive = store.shared?.runExclusive ?? createMutex()
  const kept = { store, catalogue, documents, codeStore, codeSweep, runExclusive }
  return { ...home, ...kept, ...environments, invoke, events, ...functions, sources, sourceCheck }
}

interface Base {
  readonly settings: Settings
  readonly surroundings: Surroundings
  readonly home: Home
  readonly store: Store
  readonly codeStore: CodeStore
  readonly codeHolds: CodeHolds
  readonly codeSweep: CodeSweep
  readonly signal: AbortSignal | undefined
}

async function assembleEnvironments({ settings, surroundings, home, store, codeStore, codeHolds, signal }: Base) {
  const { log, now } = surroundings
  const { catalogue } = store
  const leases = store.shared?.leases ?? ownLeases(growingTokens(now))
  const driver = await createDriver(settings, { codeStore, codeHolds, log, leases, signal })
  const { shared } = driver
  const onFault = (message: string, cause: unknown) => log.error(message, cause)
  const concurrency = createConcurrency(store, {
    accountLimit: settings.concurrency,
    committed: () => provisioning.committed(),
    areInheritedUsed: shared !== undefined,
    onFault,
  })
  const scheduler: Scheduler = createScheduler({
    driver,
    concurrency,
    idleMs: settings.idleMs,
    log,
    ...(shared === undefined ? {} : { sharing: createSharing({ shared, leases, log }) }),
  })
  // Where no other server can use this one's environments, each keeps as many as are wanted.
  const shares = shared === undefined ? undefined : store.shared?.provisionShares
  const provisioning: Allocator = createProvisioning({
    catalogue,
    scheduler,
    onFault,
    ...(shares === undefined ? {} : { shares }),
  })
  const specOf = async (name: string, qualifier: string) => {
    const found = await findVersion({ ...home, catalogue }, { name, qualifier }).catch(ifThere)
    if (found === undefined) return undefined
    const serving = qualifier === latestVersion ? found.record.serving : found.version.serving
    return environmentSpec(found.record, serving ?? found.version)
  }
  const adoption: Adoption | undefined =
    shared === undefined ? undefined : createAdoption({ shared, scheduler, concurrency, specOf, leases, log })
  const sweepLeases = shared === undefined ? undefined : createLeaseSweep({ shared, leases })
  const initialisation = createInitialisation({ catalogue, scheduler, provisioning })
  return { scheduler, provisioning, initialisation, adoption, sweepLeases, isolation: driver.isolation }
}

/** Only a definite 404 counts as deleted, as environments of a deleted version are ended. */
function ifThere(cause: unknown): undefined {
  if (!(cause instanceof LambdaError && cause.status === 404)) throw cause
}

/** Events leave some of the account's concurrency to synchronous invocations. */
function assembleEvents({ settings, surroundings, home, store }: Base, invoke: Invoke): Events {
  const { log, now } = surroundings
  return openEvents({
    log,
    now,
    home,
    catalogue: store.invocationCatalogue,
    currentCatalogue: store.catalogue,
    queue: store.events,
    failedEvents: store.failedEvents,
    run: (event) => invoke.run(queuedRequest(event)),
    settings: { ...settings, concurrency: Math.min(settings.concurrency, eventsAtOnce) },
  })
}

function assembleFunctions(
  { settings, surroundings, home, store, codeStore, codeSweep }: Base,
  { scheduler, provisioning, initialisation, adoption }: Awaited<ReturnType<typeof assembleEnvironments>>,
  { deletedFunctions }: Events,
) {
  const { log, now, ids } = surroundings
  const { s3Endpoint, layerEndpoint, ec2Endpoint } = settings
  const { catalogue, documents } = store
  const objects = s3Endpoint === undefined ? undefined : createS3ObjectSource(s3Endpoint, home.region)
  const images = settings.registries && createRegistryImageSource({ ...settings.registries, log })
  const { maxCodeBytes } = settings
  const stored = { catalogue, documents, codeStore, maxCodeBytes }
  const kept = { ...home, ...stored, objects, images, stamp: { nowMs: now, newId: ids } }
  const layers = createLayers({ ...kept, onRemoved: () => codeSweep.note() })
  const lifecycle = createLifecycle({
    ...kept,
    layers,
    deletedFunctions,
    network:
      ec2Endpoint === undefined ? undefined : createEc2Network({ endpoint: ec2Endpoint, region: home.region, now }),
    foreignLayers: layerEndpoint === undefined ? undefined : createAwsLayerSource(layerEndpoint, home.region),
    prepare: (record, version) => scheduler.prepare(environmentSpec(record, version)).catch(explainPreparation),
    initialise: (record, version) => initialisation.initialise(record, version),
    drain: (name, version) => {
      codeSweep.note()
      scheduler.drain(version === undefined ? name : environmentKey(name, version))
      // The next scan retries what could not be ended now.
      adoption?.endStale(name).catch(() => undefined)
      provisioning.refresh(name)
    },
    onChange: (name) => provisioning.refresh(name),
    onFault: (message, cause) => log.error(message, cause),
  })
  return { layers, lifecycle, objects }
}

/** Limits apply to this server, or to all that share the store. */
function createConcurrency(
  { shared }: Store,
  limits: Omit<SharedConcurrencyOptions, 'ledger'> & { readonly committed: () => number },
): Concurrency {
  if (shared === undefined) return countConcurrency(limits.accountLimit, limits.committed)
  return createSharedConcurrency({ ledger: shared.permits, ...limits })
}

/** Reports a missing image and the like to the owner of the function. */
function explainPreparation(cause: unknown): never {
  throw cause instanceof RuntimeUnavailable ? new PreparationFailed(cause.message, cause.code) : cause
}

/** Streams of the Redis servers that the settings name; their client is loaded when a mapping reads one. */
function entryStreams({ redisSources }: Settings): OpenEntryStream {
  return async (server, key, group) => {
    const url = Object.hasOwn(redisSources, server) ? redisSources[server] : undefined
    if (url === undefined) return undefined
    const { openEntryStream } = await import('./store/redis/streams/entry-stream.ts')
    return openEntryStream({ url, key, group })
  }
}

/** The driver that the settings ask for. What only one of them needs is loaded with it. */
async function createDriver(
  { accountId, region, dataFolder, kubernetes, isolation }: Settings,
  {
    codeStore,
    codeHolds,
    log,
    leases,
    signal,
  }: Pick<Base, 'codeStore' | 'codeHolds' | 'signal'> & { log: Log; leases: EnvironmentLeases },
): Promise<Driver> {
  const home = { accountId, region, codeStore, log }
  if (kubernetes === undefined) {
    const supervisorFile = await buildSupervisor(dataFolder)
    return createProcessDriver({ ...home, codeHolds, dataFolder, supervisorFile, policy: isolation })
  }
  const { openKubernetesDriver } = await import('../k8s/driver/open.ts')
  const claim = async (id: string) => (await leases.claim(id, { isUnknownFree: true })) === 'claimed'
  const nextToken = () => leases.nextToken()
  return openKubernetesDriver({ ...home, settings: kubernetes, code: codeStore, nextToken, claim, signal })
}

/** Tokens that grow with each call and each start, as long as the clock is not set back by more than a start takes. */
function growingTokens(now: () => number): () => Promise<number> {
  let token = 0
  return () => {
    token = Math.max(token + 1, now() * 1000)
    return Promise.resolve(token)
  }
}
