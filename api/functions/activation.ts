import type { Home } from './arn.ts'
import type { Catalogue } from './catalogue.ts'
import { completeDeployment, isUnderWay, type PreparationFault } from './deployment.ts'
import type { FunctionRecord, FunctionVersion } from './function.ts'
import { changeRecord, type Stamp } from './record-change.ts'

/** A version cannot be made ready for a reason that its owner shall read, as `StateReason` and `StateReasonCode`. */
export class PreparationFailed extends Error {
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

export interface ActivationDependencies extends Home {
  readonly catalogue: Catalogue
  /** Gets ready what every environment of the version will need. A `PreparationFailed` says why it cannot be. */
  readonly prepare: (record: FunctionRecord, version: FunctionVersion) => Promise<void>
  /** Environments of the version, or of the whole function, never serve again. */
  readonly drain: (name: string, version?: FunctionVersion) => void
  /** Takes faults of our own, which callers are told nothing of. */
  readonly onFault: (message: string, cause: unknown) => void
  readonly stamp: Stamp
}

export interface Activation {
  /** Prepares `$LATEST` of the record in the background, then completes its create or update. */
  start(record: FunctionRecord): void
  /** Completes what a server before this one left under way. */
  resume(): Promise<void>
  /** Completes what other servers left under way: what was so already at the call before. */
  takeOver(): Promise<void>
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>
}

/** Brings functions from `Pending` and `InProgress` to where they belong, in the background. */
export function createActivation(dependencies: ActivationDependencies): Activation {
  const { catalogue, onFault } = dependencies
  const underWay = new Set<Promise<void>>()
  /** Generations that this server deploys, and those that it saw others deploy. */
  const own = new Set<string>()
  let others = new Set<string>()

  const start = (record: FunctionRecord): void => {
    own.add(record.latest.generation)
    const work = activate(dependencies, record)
      .catch((cause: unknown) => onFault(`The deployment of ${record.name} was not completed.`, cause))
      .finally(() => {
        underWay.delete(work)
        own.delete(record.latest.generation)
      })
    underWay.add(work)
  }

  return {
    start,
    async resume() {
      for (const record of await recordsUnderWay(catalogue)) start(record)
    },
    async takeOver() {
      const records = (await recordsUnderWay(catalogue)).filter(({ latest }) => !own.has(latest.generation))
      const stillUnderWay = records.filter(({ latest }) => others.has(latest.generation))
      others = new Set(records.map(({ latest }) => latest.generation))
      for (const record of stillUnderWay) start(record)
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}

async function recordsUnderWay(catalogue: Catalogue): Promise<FunctionRecord[]> {
  const names = await catalogue.underWay()
  const found = await Promise.all(names.map((name) => catalogue.find(name)))
  return found.flatMap((stored) => (stored !== undefined && isUnderWay(stored.value.latest) ? [stored.value] : []))
}

/** Prepares, saves what came of it unless another deployment or another server took over, and drains what is replaced. */
async function activate(dependencies: ActivationDependencies, started: FunctionRecord): Promise<void> {
  const { catalogue, drain, stamp } = dependencies
  const { name, latest } = started
  const fault = await preparationFault(dependencies, started)
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

async function preparationFault(
  { prepare, onFault }: ActivationDependencies,
  record: FunctionRecord,
): Promise<PreparationFault | undefined> {
  try {
    await prepare(record, record.latest)
    return undefined
  } catch (cause) {
    if (cause instanceof PreparationFailed) return { reason: cause.message, code: cause.code }
    onFault(`The code of ${record.name} could not be prepared.`, cause)
    return { reason: 'The function could not be prepared. The server log has the details.', code: 'InternalError' }
  }
}
