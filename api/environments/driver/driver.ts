import type { Duplex } from 'node:stream'
import type { ImageConfig } from '../../functions/function/function.ts'
import type { Assignment } from '../../../runtime-bootstrap/protocol/protocol.ts'

/** What a driver must know to make an environment for one function version. */
export interface EnvironmentSpec {
  /** Warm environments are shared only under the same key: function, version and generation, and the tenant of one that keeps tenants apart. */
  readonly key: string
  readonly functionName: string
  readonly version: string
  readonly runtime: string
  readonly handler: string
  readonly architecture: string
  readonly memoryMb: number
  readonly timeoutMs: number
  readonly ephemeralStorageMb: number
  readonly variables: Readonly<Record<string, string>>
  /** The package shown at `/var/task`; of an image nothing that could be unpacked. */
  readonly codeSha256: string
  /** Packages of the layers, laid over each other in this order at `/opt`; absent when there are none. */
  readonly layerSha256s?: readonly string[]
  /** The container image that is the function, instead of package, runtime and layers. */
  readonly imageUri?: string
  readonly imageConfig?: ImageConfig
  readonly logGroup: string
  /** Set when the log is JSON: the least levels of what the function and the platform write there. */
  readonly logLevels?: { readonly application: string; readonly system: string }
  readonly tags: Readonly<Record<string, string>>
  /** The function's reserved concurrency: at most this many of its invocations run at once. */
  readonly reserved?: number
  /** How many invocations of this version may run in environments that are kept for it alone. */
  readonly provisioned?: number
  /** The environment is initialised ahead of its first event, and has more time for it. */
  readonly isProvisioned?: boolean
  /** It runs on a capacity provider: beside the account's concurrency, and in at most so many environments at once. */
  readonly managed?: { readonly maximum?: number }
  /** What the function is told of its initialisation, where that is not as usual. */
  readonly initializationType?: InitializationType
}

export type InitializationType = 'on-demand' | 'provisioned-concurrency' | 'lambda-managed-instances'

/** A supervisor that runs and has not been assigned yet, and what it shall be assigned. */
export interface Launched {
  readonly id: string
  /** Carries the frames of `protocol.ts`. Its end means that the environment is gone. */
  readonly channel: Duplex
  readonly assignment: Assignment
  /** Set when the environment was assigned before and is taken over: what it does now. */
  readonly found?: 'idle' | 'busy'
  /** Set when the channel is a network connection whose other side answers a `ping`. */
  readonly answersPings?: boolean
  /**
   * Asked when the channel ended by itself: whether all of the environment, its supervisor too, was ended for want of memory.
   * Absent where a supervisor is never ended so.
   */
  ranOutOfMemory?(): Promise<boolean>
  /** Ends the environment and everything in it at once; safe to call again. */
  kill(): void
  /** Lets go of the environment, which lives on for the next server. Absent where environments end with their server. */
  release?(): void
}

/** An assigned environment of this or another server. */
export interface FoundEnvironment {
  readonly id: string
  readonly functionName: string
  readonly version: string
  /** The key of the spec it was launched for. */
  readonly key: string
  /** It was initialised ahead of its first event. */
  readonly isProvisioned?: boolean
}

/** Environments that outlive their server. */
export interface SharedEnvironments {
  /** All that are assigned, whoever holds them. */
  list(): Promise<FoundEnvironment[]>
  /** Whether there is an environment of this id, assigned or not, as far as this server sees. */
  exists(id: string): boolean
  /**
   * Takes an environment from whoever holds it; a token that is older than its newest is refused. Rejects when it cannot be
   * reached, without ending it.
   */
  takeOver(id: string, spec: EnvironmentSpec, token: number): Promise<Launched>
  /** Ends an environment that no server shall use again. */
  end(id: string): void
}

/**
 * Makes places where functions run. Promises: `launch` resolves within its deadline or rejects; what it rejects leaves nothing
 * running; two launches never share processes, `/tmp` or user. A runtime that this machine cannot run is a `RuntimeUnavailable`.
 */
export interface Driver {
  /** `isNeeded` says whether the launch is still of use: one for which there is no room may be given up when it is not. */
  launch(spec: EnvironmentSpec, isNeeded?: () => boolean): Promise<Launched>
  /** Gets ready what every environment of this spec will need, such as unpacked code; called when a function is created. */
  prepare(spec: EnvironmentSpec): Promise<void>
  close(): Promise<void>
  /** How many launches may be under way; few unless given, as they take this machine's processors. */
  readonly launchesAtOnce?: number
  /** Absent when environments end with their server. */
  readonly shared?: SharedEnvironments
  /**
   * Has this called for each environment that should end, since a launch waits for its room: it answers the id of the one that
   * does, and nothing when all are in use. Absent where room is no matter.
   */
  onCapacityNeeded?(evict: () => Promise<string | undefined>): void
}

/**
 * The interpreter or image of a runtime is missing, or what a function asks of its pods cannot be; the message says what to do,
 * the code is a `StateReasonCode`.
 */
export class RuntimeUnavailable extends Error {
  readonly code: string

  constructor(message: string, code = 'InvalidImage') {
    super(message)
    this.code = code
  }
}

/** There is no room for another environment, and none came in time; the message says what is full. */
export class CapacityExhausted extends Error {}
