import type { Duplex } from 'node:stream'
import type { ImageConfig } from '../functions/function.ts'
import type { Assignment } from '../../runtime-bootstrap/protocol.ts'

/** What a driver must know to make an environment for one function version. */
export interface EnvironmentSpec {
  /** Warm environments are shared only under the same key: function ARN, version and generation. */
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
  readonly logFormat: 'Text' | 'JSON'
  readonly tags: Readonly<Record<string, string>>
  /** The function's reserved concurrency: at most this many of its invocations run at once. */
  readonly reserved?: number
}

/** A supervisor that runs and has not been assigned yet, and what it shall be assigned. */
export interface Launched {
  readonly id: string
  /** Carries the frames of `protocol.ts`. Its end means that the environment is gone. */
  readonly channel: Duplex
  readonly assignment: Assignment
  /** Ends the environment and everything in it at once; safe to call again. */
  kill(): void
}

/**
 * Makes places where functions run. Promises: `launch` resolves within its deadline or rejects; what it rejects leaves nothing
 * running; two launches never share processes, `/tmp` or user. A runtime that this machine cannot run is a `RuntimeUnavailable`.
 */
export interface Driver {
  launch(spec: EnvironmentSpec): Promise<Launched>
  /** Gets ready what every environment of this spec will need, such as unpacked code; called when a function is created. */
  prepare(spec: EnvironmentSpec): Promise<void>
  close(): Promise<void>
}

/** The interpreter or image of a runtime is missing; the message says what to install. */
export class RuntimeUnavailable extends Error {}
