import type { Socket } from 'node:net'
import type { PodShape } from '../pods/pod-shape.ts'

/** A generic environment, connected. */
export interface GenericEnvironment {
  readonly name: string
  readonly namespace: string
  readonly socket: Socket
  readonly answersPings: boolean
}

/** What a pool needs from the cluster. */
export interface PoolContext {
  /** Names a pod of the shape; `create` resolves once the cluster has accepted it. */
  plan(shape: PodShape): { readonly name: string; readonly create: () => Promise<unknown> }
  /** Ends a pod, with retries until it is gone. */
  end(name: string, namespace: string): void
  /** Launches of a pool wait for capacity. */
  searchCapacity(): void
  warn(line: string): void
  /** A monotonic clock in milliseconds. */
  readonly clock: () => number
}
