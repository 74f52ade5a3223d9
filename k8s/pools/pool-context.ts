import type { Socket } from 'node:net'
import type { PodShape } from '../pods/pod-shape.ts'

/** A generic environment, connected. */
export interface GenericEnvironment {
  readonly name: string
  readonly namespace: string
  readonly socket: Socket
  readonly answersPings: boolean
}

/** What a pool needs of the cluster. */
export interface PoolContext {
  /** A pod of the shape, named, which `create` begins; resolves once the cluster took it. */
  plan(shape: PodShape): { readonly name: string; readonly create: () => Promise<unknown> }
  /** Ends a pod and sees to it that it goes. */
  end(name: string, namespace: string): void
  /** Launches of a pool wait for room. */
  searchCapacity(): void
  warn(line: string): void
  /** Milliseconds that only grow. */
  readonly clock: () => number
}
