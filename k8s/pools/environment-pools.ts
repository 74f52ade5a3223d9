import type { V1Pod } from '@kubernetes/client-node'
import { EnvironmentPool } from './environment-pool.ts'
import type { PoolContext } from './pool-context.ts'
import { shapeId, type PodShape } from '../pods/pod-shape.ts'
import { CapacitySearch, type CapacitySearchParts } from './capacity-search.ts'

export interface EnvironmentPoolsOptions
  extends Omit<PoolContext, 'searchCapacity'>, Pick<CapacitySearchParts, 'pods' | 'isEnding' | 'evict'> {
  /** Generic environments to keep ready per shape in use. */
  readonly size: number
  /** A shape that no environment has, and that was not used for this long, is not in use. */
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
      missingMb: () => this.#missingMb(),
      endUnneeded: () => this.#endUnneeded(),
      charge: (memoryMb) => this.#charge(memoryMb),
      tryAgain: () => this.#pools.forEach((pool) => pool.renew()),
    })
  }

  /** The pool of a shape, suspended until the shape is used. */
  of(shape: PodShape): EnvironmentPool {
    const id = shapeId(shape)
    const pool = this.#pools.get(id) ?? new EnvironmentPool(shape, this.#options.size, this.#context)
    this.#pools.set(id, pool)
    return pool
  }

  find(id: string): EnvironmentPool | undefined {
    return this.#pools.get(id)
  }

  /** A pod is gone: launches that wait for capacity are tried again. */
  gone(pod: V1Pod): void {
    this.#search.gone(pod)
    for (const pool of this.#pools.values()) if (pool.launches > 0) pool.fill()
  }

  /** Ends the pods in pools of shapes that are not in use; `inUse` are the shapes of functions' environments. */
  suspendIfIdle(inUse: ReadonlySet<string>): void {
    for (const [id, pool] of this.#pools) {
      if (!inUse.has(id) && pool.suspendIfIdle(this.#options.idleMs)) this.#pools.delete(id)
    }
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close()
  }

  #missingMb(): number {
    return [...this.#pools.values()].reduce((sum, { missingMb }) => sum + missingMb, 0)
  }

  #endUnneeded(): void {
    for (const pool of this.#pools.values()) pool.dropUnneeded()
    if (this.#missingMb() === 0) return
    for (const pool of this.#pools.values()) if (pool.launches === 0) pool.empty()
  }

  /** Divides evicted memory among the pools in proportion to what each is missing. */
  #charge(memoryMb: number): void {
    const missingMb = this.#missingMb()
    if (missingMb === 0) return
    for (const pool of this.#pools.values()) pool.charge((memoryMb * pool.missingMb) / missingMb)
  }
}
