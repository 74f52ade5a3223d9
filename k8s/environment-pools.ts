import { EnvironmentPool, type PoolWorld } from './environment-pool.ts'
import { shapeId, type PodShape } from './pod-shape.ts'

export interface EnvironmentPoolsOptions extends PoolWorld {
  /** Generic environments that wait per shape in use. */
  readonly size: number
  /** A shape that is of no environment, and that nobody asked for so long, is not in use. */
  readonly idleMs: number
}

/** The pools of all shapes. */
export class EnvironmentPools {
  readonly #options: EnvironmentPoolsOptions
  readonly #pools = new Map<string, EnvironmentPool>()

  constructor(options: EnvironmentPoolsOptions) {
    this.#options = options
  }

  /** The pool of a shape, which sleeps until it is asked for. */
  of(shape: PodShape): EnvironmentPool {
    const id = shapeId(shape)
    const pool = this.#pools.get(id) ?? new EnvironmentPool(shape, this.#options.size, this.#options)
    this.#pools.set(id, pool)
    return pool
  }

  find(id: string): EnvironmentPool | undefined {
    return this.#pools.get(id)
  }

  /** Where launches wait for room, pods that wait for launches of other shapes make it. */
  stall(pool: EnvironmentPool, reason: string): void {
    pool.stall(reason)
    if (!pool.isWaitedFor) return
    for (const other of this.#pools.values()) if (other !== pool && !other.isWaitedFor) other.empty()
  }

  /** Ends what waits in pools of shapes that are not in use; `inUse` are those that functions have environments of. */
  rest(inUse: ReadonlySet<string>): void {
    for (const [id, pool] of this.#pools) {
      if (!inUse.has(id) && pool.rest(this.#options.idleMs)) this.#pools.delete(id)
    }
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close()
  }
}
