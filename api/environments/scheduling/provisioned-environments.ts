import type { EnvironmentSpec } from '../driver/driver.ts'
import type { Environment } from '../environment/environment.ts'
import { failureOfInit, failureOfLaunch, type InitFailure } from './init-failure.ts'

/** The state of the provisioned environments of one key. */
export interface ProvisionState {
  /** Environments that are initialised and kept. */
  readonly initialised: number
  /** An initialisation failed: nothing is kept until the next request. */
  readonly isFailed: boolean
  /** The reason, if this server knows it. */
  readonly failure?: InitFailure
}

export interface ProvisionedEnvironmentsParts {
  /** Starts an environment that takes no invocations yet. */
  readonly launch: (spec: EnvironmentSpec) => Promise<Environment>
  /** Makes an initialised environment available, with precedence and without an idle timeout. */
  readonly keep: (spec: EnvironmentSpec, environment: Environment) => void
  /** Turns a kept environment into an ordinary one. */
  readonly letGo: (spec: EnvironmentSpec, environment: Environment) => void
}

interface Entry {
  spec: EnvironmentSpec
  wanted: number
  failure: InitFailure | undefined
  readonly starting: Set<Promise<void>>
  /** Launched and not yet initialised. */
  readonly young: Set<Environment>
  readonly kept: Set<Environment>
}

/** The delay before a kept environment is replaced, so that a crash loop costs little. */
const againMs = 1_000

/** Keeps environments initialised before their use, and replaces those that end. */
export class ProvisionedEnvironments {
  readonly #parts: ProvisionedEnvironmentsParts
  readonly #entries = new Map<string, Entry>()
  #isClosed = false

  constructor(parts: ProvisionedEnvironmentsParts) {
    this.#parts = parts
  }

  /** Keeps `wanted` environments of the spec's key; resolves when they are initialised, or when that has failed. */
  async set(spec: EnvironmentSpec, wanted: number): Promise<void> {
    if (this.#isClosed) return
    const entry = this.#entries.get(spec.key) ?? newEntry(spec)
    this.#entries.set(spec.key, entry)
    entry.spec = { ...spec, isProvisioned: true }
    entry.wanted = wanted
    entry.failure = undefined
    this.#letGo(entry)
    this.#fill(entry)
    while (entry.starting.size > 0) await Promise.all(entry.starting)
    if (entry.wanted === 0 && this.#entries.get(spec.key) === entry) this.#entries.delete(spec.key)
  }

  stateOf(key: string): ProvisionState {
    const entry = this.#entries.get(key)
    const failure = entry?.failure
    return { initialised: entry?.kept.size ?? 0, isFailed: failure !== undefined, ...(failure && { failure }) }
  }

  /** An environment has ended; a kept one is replaced. */
  lost(key: string, environment: Environment): void {
    const entry = this.#entries.get(key)
    if (entry?.kept.delete(environment) !== true || entry.failure !== undefined) return
    setTimeout(() => {
      if (this.#entries.get(key) === entry) this.#fill(entry)
    }, againMs).unref()
  }

  /** The key's environments are drained and not replaced. */
  forget(key: string): void {
    const entry = this.#entries.get(key)
    this.#entries.delete(key)
    if (entry !== undefined) this.#end(entry)
  }

  close(): void {
    this.#isClosed = true
    for (const key of [...this.#entries.keys()]) this.forget(key)
  }

  #fill(entry: Entry): void {
    while (entry.failure === undefined && entry.kept.size + entry.starting.size < entry.wanted) {
      const start = this.#start(entry).finally(() => entry.starting.delete(start))
      entry.starting.add(start)
    }
  }

  async #start(entry: Entry): Promise<void> {
    const { spec } = entry
    const environment = await this.#parts.launch(spec).catch(failureOfLaunch)
    if ('code' in environment) {
      this.#fail(entry, environment)
      return
    }
    entry.young.add(environment)
    // It is no longer needed when its entry was removed meanwhile.
    const isWanted = () => entry.kept.size < entry.wanted
    if (!isWanted()) environment.stop('spindown')
    const failed = await environment.initialised
    if (!entry.young.delete(environment)) return
    if (failed === undefined && isWanted()) {
      entry.kept.add(environment)
      this.#parts.keep(spec, environment)
      return
    }
    environment.kill('it is no longer needed')
    if (failed !== undefined && isWanted()) this.#fail(entry, failureOfInit(failed))
  }

  #fail(entry: Entry, failure: InitFailure): void {
    if (entry.wanted === 0) return
    entry.failure = failure
    const wanted = entry.wanted
    this.#end(entry)
    entry.wanted = wanted
  }

  #end(entry: Entry): void {
    entry.wanted = 0
    for (const environment of entry.young) environment.kill('it is no longer needed')
    entry.young.clear()
    this.#letGo(entry)
  }

  /** Releases kept environments in excess of the wanted number. */
  #letGo(entry: Entry): void {
    for (const environment of entry.kept) {
      if (entry.kept.size <= entry.wanted) return
      entry.kept.delete(environment)
      this.#parts.letGo(entry.spec, environment)
    }
  }
}

function newEntry(spec: EnvironmentSpec): Entry {
  return { spec, wanted: 0, failure: undefined, starting: new Set(), young: new Set(), kept: new Set() }
}
