import { setTimeout as delay } from 'node:timers/promises'
import { isStoreUnavailable } from '../../errors.ts'
import { ownMember } from '../function/own-member.ts'
import type { Home } from '../function/arn.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { completeActivation, completeDeployment, type PreparationFault } from './deployment.ts'
import { latestVersion, type FunctionRecord, type FunctionVersion } from '../function/function.ts'
import { changeRecord, type Stamp } from '../catalogue/record-change.ts'
import { isDeploying, isUnderWay } from '../function/version-state.ts'

/** A version cannot be prepared, for a reason that its owner sees as `StateReason` and `StateReasonCode`. */
export class PreparationFailed extends Error {
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

/** The server shuts down before the version is ready; the next one completes it. */
export class ActivationInterrupted extends Error {}

export interface ActivationDependencies extends Home {
  readonly catalogue: Catalogue
  /** Prepares what every environment of the version needs. A `PreparationFailed` has the reason of a failure. */
  readonly prepare: (record: FunctionRecord, version: FunctionVersion) => Promise<void>
  /** Initialises environments of a published version in advance. A `PreparationFailed` has the reason of a failure. */
  readonly initialise: (record: FunctionRecord, version: FunctionVersion) => Promise<void>
  /** Drains environments of the version, or of the whole function: they never serve again. */
  readonly drain: (name: string, version?: FunctionVersion) => void
  /** Logs internal errors, whose details callers do not see. */
  readonly onFault: (message: string, cause: unknown) => void
  readonly stamp: Stamp
}

export interface Activation {
  /** Completes the incomplete deployments of the record in the background. */
  start(record: FunctionRecord): void
  /** Completes the deployments that an earlier server left incomplete. */
  resume(): Promise<void>
  /** Completes the deployments of other servers that were incomplete at the previous call already. */
  takeOver(): Promise<void>
  /** Resolves when no deployment is in progress any more. */
  settled(): Promise<void>
  /** The same, without retries of what cannot be stored. */
  close(): Promise<void>
}

/** One version of a function that is not ready. */
interface Work {
  readonly record: FunctionRecord
  readonly version: string
  readonly generation: string
}

/** How long to wait before a deployment that the store could not take is retried. */
const retryMs = 500

/**
 * Completes deployments in the background: `Pending` and `InProgress` become active or failed. While the store is unavailable they are
 * retried; at shutdown that ends, and the next server completes them.
 */
export function createActivation(dependencies: ActivationDependencies): Activation {
  const { catalogue, onFault } = dependencies
  const underWay = new Set<Promise<void>>()
  /** Generations that this server deploys, and incomplete ones of other servers. */
  const own = new Set<string>()
  let others = new Set<string>()
  const closing = new AbortController()

  const begin = (work: Work): void => {
    const { record, version, generation } = work
    if (own.has(generation)) return
    own.add(generation)
    const activate = version === latestVersion ? activateLatest : activateVersion
    const running = whileUnavailable(() => activate(dependencies, work), closing.signal)
      .catch((cause: unknown) => {
        if (cause instanceof ActivationInterrupted) return
        onFault(`The deployment of ${record.name} was not completed.`, cause)
      })
      .finally(() => {
        underWay.delete(running)
        own.delete(generation)
      })
    underWay.add(running)
  }

  const settled = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay)
  }

  return {
    start: (record) => worksOf(record).forEach(begin),
    async resume() {
      for (const work of await worksUnderWay(catalogue)) begin(work)
    },
    async takeOver() {
      const works = (await worksUnderWay(catalogue)).filter(({ generation }) => !own.has(generation))
      const stillUnderWay = works.filter(({ generation }) => others.has(generation))
      others = new Set(works.map(({ generation }) => generation))
      for (const work of stillUnderWay) begin(work)
    },
    async close() {
      closing.abort()
      await settled()
    },
    settled,
  }
}

/** Retries the work while the store is unavailable, until the signal aborts. */
async function whileUnavailable(work: () => Promise<void>, closing: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await work()
      return
    } catch (cause) {
      if (!isStoreUnavailable(cause)) throw cause
      await delay(retryMs, undefined, { signal: closing }).catch(() => {
        throw new ActivationInterrupted()
      })
    }
  }
}

async function worksUnderWay(catalogue: Catalogue): Promise<Work[]> {
  const names = await catalogue.underWay()
  const found = await Promise.all(names.map((name) => catalogue.find(name)))
  return found.flatMap((stored) => (stored !== undefined && isDeploying(stored.value) ? worksOf(stored.value) : []))
}

function worksOf(record: FunctionRecord): Work[] {
  const { latest, activating = {} } = record
  const versions = Object.entries(activating).map(([version, generation]) => ({ record, version, generation }))
  return isUnderWay(latest)
    ? [{ record, version: latestVersion, generation: latest.generation }, ...versions]
    : versions
}

/** Prepares the version, saves the outcome unless another deployment or server took over, and drains the replaced version. */
async function activateLatest(dependencies: ActivationDependencies, { record: started }: Work): Promise<void> {
  const { catalogue, drain, stamp } = dependencies
  const { name, latest } = started
  const fault = await preparationFault(dependencies, started, latest)
  if ((await catalogue.find(name)) === undefined) return
  const replaced: FunctionVersion[] = []
  await changeRecord(dependencies, name, async (record) => {
    replaced.length = 0
    if (record.latest.generation !== latest.generation || !isUnderWay(record.latest)) return { record }
    if (fault === undefined && record.serving !== undefined) replaced.push(record.serving)
    const newest = record.versions.at(-1)
    const published = newest === undefined ? undefined : await catalogue.findVersion(name, newest)
    return completeDeployment(record, published, fault, stamp)
  })
  for (const version of replaced) drain(name, version)
}

/** The same for a published version, whose first environments are initialised before it is active. */
async function activateVersion(dependencies: ActivationDependencies, work: Work): Promise<void> {
  const { catalogue, drain, stamp } = dependencies
  const { record: started, version: number, generation } = work
  const { name } = started
  const begun = await catalogue.findVersion(name, number)
  if (begun?.generation !== generation) return
  const fault =
    (await preparationFault(dependencies, started, begun)) ??
    (await faultOf(dependencies, started, () => dependencies.initialise(started, begun)))
  if ((await catalogue.find(name)) === undefined) return
  const over: FunctionVersion[] = []
  await changeRecord(dependencies, name, async (record) => {
    over.length = 0
    const version = await catalogue.findVersion(name, number)
    const isOvertaken = ownMember(record.activating, number) !== generation
    if (isOvertaken || version?.generation !== generation) return { record }
    const replaced = fault === undefined ? version.serving : version
    if (replaced !== undefined) over.push(replaced)
    return completeActivation(record, version, fault, stamp)
  })
  for (const version of over) drain(name, version)
}

function preparationFault(
  dependencies: ActivationDependencies,
  record: FunctionRecord,
  version: FunctionVersion,
): Promise<PreparationFault | undefined> {
  return faultOf(dependencies, record, () => dependencies.prepare(record, version))
}

async function faultOf(
  { onFault }: ActivationDependencies,
  { name }: FunctionRecord,
  work: () => Promise<void>,
): Promise<PreparationFault | undefined> {
  try {
    await work()
    return undefined
  } catch (cause) {
    if (cause instanceof ActivationInterrupted || isStoreUnavailable(cause)) throw cause
    if (cause instanceof PreparationFailed) return { reason: cause.message, code: cause.code }
    onFault(`The code of ${name} could not be prepared.`, cause)
    return { reason: 'The function could not be prepared. The server log has the details.', code: 'InternalError' }
  }
}
