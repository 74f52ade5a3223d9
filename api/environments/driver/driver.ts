import type { Duplex } from 'node:stream'
import type { ImageConfig } from '../../functions/function/function.ts'
import type { Assignment } from '../../../runtime-bootstrap/protocol/protocol.ts'

/** Describes the environments of one function version to a driver. */
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
  /** The package at `/var/task`; meaningless for an image. */
  readonly codeSha256: string
  /** Packages of the layers, stacked in this order at `/opt`; absent when there are none. */
  readonly layerSha256s?: readonly string[]
  /** The container image that is the function, instead of package, runtime and layers. */
  readonly imageUri?: string
  readonly imageConfig?: ImageConfig
  readonly logGroup: string
  /** Set when the log is JSON: the log levels of the function and the platform. */
  readonly logLevels?: { readonly application: string; readonly system: string }
  readonly tags: Readonly<Record<string, string>>
  /** The function's reserved concurrency: the most invocations that run concurrently. */
  readonly reserved?: number
  /** The provisioned concurrency of this version. */
  readonly provisioned?: number
  /** The environment is initialised before its first event, and has more time for it. */
  readonly isProvisioned?: boolean
  /** Set on a capacity provider, outside the account's concurrency: the most environments at a time. */
  readonly managed?: { readonly maximum?: number }
  /** The initialisation type that the function sees, if not the default. */
  readonly initializationType?: InitializationType
}

export type InitializationType = 'on-demand' | 'provisioned-concurrency' | 'lambda-managed-instances'

/** How a function ended its own environment: it used up its memory or temporary storage, or signalled the supervisor. */
export type FunctionEnding = 'out-of-memory' | 'out-of-storage' | 'killed' | 'terminated'

/** A running supervisor and the assignment for it. */
export interface Launched {
  readonly id: string
  /** Carries the frames of `protocol.ts`. It ends with the environment. */
  readonly channel: Duplex
  readonly assignment: Assignment
  /** Set when an assigned environment is taken over: its current state. */
  readonly found?: 'idle' | 'busy'
  /** Set when the channel is a network connection whose peer answers a `ping`. */
  readonly answersPings?: boolean
  /**
   * Called when the channel ended unexpectedly: how the function ended its own environment, supervisor included; undefined when something
   * else did. Absent where a function cannot do that.
   */
  endedByFunction?(): Promise<FunctionEnding | undefined>
  /** Ends the environment and everything in it at once; safe to call again. */
  kill(): void
  /** Releases the environment, which lives on for another server. Absent where environments end with their server. */
  release?(): void
}

/** An assigned environment of this or another server. */
export interface FoundEnvironment {
  readonly id: string
  readonly functionName: string
  readonly version: string
  /** The key of the spec it was launched for. */
  readonly key: string
  /** It was initialised before its first event. */
  readonly isProvisioned?: boolean
}

/** Environments that outlive their server. */
export interface SharedEnvironments {
  /** All assigned environments, regardless of holder. */
  list(): Promise<FoundEnvironment[]>
  /** Whether the environment exists, assigned or not, as far as this server knows. */
  exists(id: string): boolean
  /**
   * Takes an environment over from its holder; the environment refuses a token older than its newest. Rejects, without ending it,
   * when it is unreachable.
   */
  takeOver(id: string, spec: EnvironmentSpec, token: number): Promise<Launched>
  /** Ends an environment for good. */
  end(id: string): void
}

/** How functions are kept from each other and from the machine, as `/health` and the log say it. */
export interface IsolationReport {
  readonly kind: string
  /** What each environment has to itself. */
  readonly isolated: readonly string[]
  /** What it shares with others. */
  readonly shared: readonly string[]
}

/**
 * Launches environments. Guarantees: `launch` resolves within its deadline or rejects; a rejected launch leaves nothing running;
 * two environments never share processes, `/tmp` or user. A runtime that is not available rejects with `RuntimeUnavailable`.
 */
export interface Driver {
  /** `isNeeded` tells whether the launch is still needed: if not, one that waits for capacity may be abandoned. */
  launch(spec: EnvironmentSpec, isNeeded?: () => boolean): Promise<Launched>
  /**
   * Prepares what every environment of this spec needs, such as unpacked code; called when a function is created or updated. If the
   * runtime is not available, it warns or rejects with `RuntimeUnavailable`, so that the user learns of it before the first invocation.
   */
  prepare(spec: EnvironmentSpec): Promise<void>
  close(): Promise<void>
  /** Absent where the platform isolates environments. */
  readonly isolation?: IsolationReport
  /** Most concurrent launches; by default few, as they use the processors of this machine. */
  readonly launchesAtOnce?: number
  /** Absent when environments end with their server. */
  readonly shared?: SharedEnvironments
  /**
   * The driver calls `evict` for each environment that should end because a launch waits for capacity. It returns the id of the
   * environment that ends, or nothing when all are in use. Absent where capacity is not limited.
   */
  onCapacityNeeded?(evict: () => Promise<string | undefined>): void
}

/**
 * The interpreter or image of a runtime is missing, or the pods of a function cannot be created as configured. The message says
 * what to do; the code is a `StateReasonCode`.
 */
export class RuntimeUnavailable extends Error {
  readonly code: string

  constructor(message: string, code = 'InvalidImage') {
    super(message)
    this.code = code
  }
}

/** There was no capacity for another environment in time; the message says what is full. */
export class CapacityExhausted extends Error {}
