import type { Home } from '../function/arn.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { completeActivation, completeDeployment, type PreparationFault } from './deployment.ts'
import { latestVersion, type FunctionRecord, type FunctionVersion } from '../function/function.ts'
import { changeRecord, type Stamp } from '../catalogue/record-change.ts'
import { isDeploying, isUnderWay } from '../function/version-state.ts'

/** A version cannot be made ready for a reason that its owner shall read, as `StateReason` and `StateReasonCode`. */
export class PreparationFailed extends Error {
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

/** The server ends before the version is ready: the next one completes it. */
export class ActivationInterrupted extends Error {}

export interface ActivationDependencies extends Home {
  readonly catalogue: Catalogue
  /** Gets ready what every environment of the version will need. A `PreparationFailed` says why it cannot be. */
  readonly prepare: (record: FunctionRecord, version: FunctionVersion) => Promise<void>
  /** Initialises environments of a published version ahead. A `PreparationFailed` says why none can be. */
  readonly initialise: (record: FunctionRecord, version: FunctionVersion) => Promise<void>
  /** Environments of the version, or of the whole function, never serve again. */
  readonly drain: (name: string, version?: FunctionVersion) => void
  /** Takes faults of our own, which callers are told nothing of. */
  readonly onFault: (message: string, cause: unknown) => void
  readonly stamp: Stamp
}

export interface Activation {
  /** Completes in the background what of the record is under way. */
  start(record: FunctionRecord): void
  /** Completes what a server before this one left under way. */
  resume(): Promise<void>
  /** Completes what other servers left under way: what was so already at the call before. */
  takeOver(): Promise<void>
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>
}

/** One version of a function that is not ready. */
interface Work {
  readonly record: FunctionRecord
  readonly version: string
  readonly generation: string
}

/** Brings functions and their versions from `Pending` and `InProgress` to where they belong, in the background. */
export function createActivation(dependencies: ActivationDependencies): Activation {
  const { catalogue, onFault } = dependencies
  const underWay = new Set<Promise<void>>()
  /** Generations that this server deploys, and those that it saw others deploy. */
  const own = new Set<string>()
  let others = new Set<string>()

  const begin = (work: Work): void => {
    const { record, version, generation } = work
    if (own.has(generation)) return
    own.add(generation)
    const activate = version === latestVersion ? activateLatest : activateVersion
    const running = activate(dependencies, work)
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
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
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

/** Prepares, saves what came of it unless another deployment or another server took over, and drains what is replaced. */
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
    const isOvertaken = record.activating?.[number] !== generation
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
    if (cause instanceof ActivationInterrupted) throw cause
    if (cause instanceof PreparationFailed) return { reason: cause.message, code: cause.code }
    onFault(`The code of ${name} could not be prepared.`, cause)
    return { reason: 'The function could not be prepared. The server log has the details.', code: 'InternalError' }
  }
}
