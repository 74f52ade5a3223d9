import { EnvironmentPool, type PoolWorld } from './environment-pool.ts'
import { shapeId, type PodShape } from './pod-shape.ts'

export interface EnvironmentPoolsOptions extends Omit<PoolWorld, 'wantRoom'> {
  /** An environment should end, since a launch waits for its room. */
  wantRoom(): void
  /** Generic environments that wait per shape in use. */
  readonly size: number
  /** A shape that is of no environment, and that nobody asked for so long, is not in use. */
  readonly idleMs: number
}

/** What is asked to go is gone after so long, or does not go. */
const goingMs = 5_000

/** The pools of all shapes. */
export class EnvironmentPools {
  readonly #options: EnvironmentPoolsOptions
  readonly #world: PoolWorld
  readonly #pools = new Map<string, EnvironmentPool>()
  /** When environments were asked to go. */
  #going: number[] = []

  constructor(options: EnvironmentPoolsOptions) {
    this.#options = options
    this.#world = { ...options, wantRoom: (pool) => this.#makeRoom(pool) }
  }

  /** The pool of a shape, which sleeps until it is asked for. */
  of(shape: PodShape): EnvironmentPool {
    const id = shapeId(shape)
    const pool = this.#pools.get(id) ?? new EnvironmentPool(shape, this.#options.size, this.#world)
    this.#pools.set(id, pool)
    return pool
  }

  find(id: string): EnvironmentPool | undefined {
    return this.#pools.get(id)
  }

  /** A pod is gone: launches that wait for room are tried again. */
  roomCame(): void {
    for (const pool of this.#pools.values()) if (pool.launches > 0) pool.fill()
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

  /** Pods that wait for launches of other shapes make room; then what functions do not use, as much as launches wait for. */
  #makeRoom(pool: EnvironmentPool): boolean {
    const [nowMs, pools] = [this.#options.clock(), [...this.#pools.values()]]
    this.#going = this.#going.filter((askedMs) => nowMs - askedMs < goingMs)
    for (const other of pools) {
      if (other === pool || other.launches > 0) continue
      for (let ended = other.empty(); ended > 0; ended--) this.#going.push(nowMs)
    }
    if (this.#going.length >= pools.reduce((sum, { launches }) => sum + launches, 0)) return false
    this.#going.push(nowMs)
    this.#options.wantRoom()
    return true
  }
}
