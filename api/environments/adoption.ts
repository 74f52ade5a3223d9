import type { Log } from '../observe/log.ts'
import type { EnvironmentSpec, FoundEnvironment, SharedEnvironments } from './driver.ts'
import type { Scheduler } from './scheduler.ts'

export interface AdoptionDependencies {
  readonly shared: SharedEnvironments
  readonly scheduler: Pick<Scheduler, 'adopt'>
  /** What an environment of the version must be now; undefined when there is no such version any more. */
  readonly specOf: (functionName: string, version: string) => Promise<EnvironmentSpec | undefined>
  readonly nextToken: () => Promise<number>
  readonly log: Pick<Log, 'info' | 'warn'>
}

/** Goes on with the environments of the server before this one; those of other code or settings than the current are ended. */
export async function adoptEnvironments(dependencies: AdoptionDependencies): Promise<void> {
  const { shared, log } = dependencies
  const found = await shared.list()
  const adopted = await Promise.all(found.map((environment) => adopt(dependencies, environment)))
  const count = adopted.filter((isAdopted) => isAdopted).length
  if (found.length > 0) log.info(`Goes on with ${String(count)} of ${String(found.length)} environments found.`)
}

async function adopt(dependencies: AdoptionDependencies, environment: FoundEnvironment): Promise<boolean> {
  const { shared, scheduler, specOf, nextToken, log } = dependencies
  const { id, functionName, version, key } = environment
  const spec = await specOf(functionName, version)
  if (spec?.key !== key) {
    shared.end(id)
    return false
  }
  try {
    scheduler.adopt(spec, await shared.takeOver(id, spec, await nextToken()))
    return true
  } catch (cause) {
    log.warn(`The environment ${id} of ${functionName} could not be taken over and is ended: ${String(cause)}`)
    shared.end(id)
    return false
  }
}
