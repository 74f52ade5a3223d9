import type { V1Pod } from '@kubernetes/client-node'
import { EnvironmentPool } from './environment-pool.ts'
import type { PoolContext } from './pool-context.ts'
import { shapeId, type PodShape } from '../pods/pod-shape.ts'
import { CapacitySearch, type CapacitySearchParts } from './capacity-search.ts'

export interface EnvironmentPoolsOptions
  extends Omit<PoolContext, 'searchCapacity'>, Pick<CapacitySearchParts, 'pods' | 'isEnding' | 'evict'> {
  /** Generic environments that wait per shape in use. */
  readonly size: number
  /** A shape that is of no environment, and that nobody asked for so long, is not in use. */
  readonly idleMs: number
}

/** The pools of all shapes. */
export class EnvironmentPools {
  readonly #options: EnvironmentPoolsOptions
  readonly #context: PoolContext
  readonly #search: CapacitySearch
  readonly #pools = new Map<string, EnvironmentPool>()

  constructor(options: EnvironmentPoolsOptions) {
    this.#options = options
    this.#context = { ...options, searchCapacity: () => this.#search.begin() }
    this.#search = new CapacitySearch({
      ...options,
      lackingMb: () => this.#lackingMb(),
      endUnneeded: () => this.#endUnneeded(),
      charge: (memoryMb) => this.#charge(memoryMb),
      tryAgain: () => this.#pools.forEach((pool) => pool.renew()),
    })
  }

  /** The pool of a shape, which sleeps until it is asked for. */
  of(shape: PodShape): EnvironmentPool {
    const id = shapeId(shape)
    const pool = this.#pools.get(id) ?? new EnvironmentPool(shape, this.#options.size, this.#context)
    this.#pools.set(id, pool)
    return pool
  }

  find(id: string): EnvironmentPool | undefined {
    return this.#pools.get(id)
  }

  /** A pod is gone: launches that wait for room are tried again. */
  gone(pod: V1Pod): void {
    this.#search.gone(pod)
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

  #lackingMb(): number {
    return [...this.#pools.values()].reduce((sum, { lackingMb }) => sum + lackingMb, 0)
  }

  #endUnneeded(): void {
    for (const pool of this.#pools.values()) pool.dropUnneeded()
    if (this.#lackingMb() === 0) return
    for (const pool of this.#pools.values()) if (pool.launches === 0) pool.empty()
  }

  /** Each pool's part of what was sent away is as large as its part of what is lacking. */
  #charge(memoryMb: number): void {
    const lackingMb = this.#lackingMb()
    if (lackingMb === 0) return
    for (const pool of this.#pools.values()) pool.charge((memoryMb * pool.lackingMb) / lackingMb)
  }
}
