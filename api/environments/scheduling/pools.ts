import type { EnvironmentSpec } from '../driver/driver.ts'
import { Pool } from './pool.ts'

/** The pools of a server by key, and those that were drained and still have environments. */
export class Pools {
  readonly #current = new Map<string, Pool>()
  readonly #drained = new Set<Pool>()

  /** The pool of the spec's key, made when there is none. */
  of({ key, functionName }: EnvironmentSpec): Pool {
    let pool = this.#current.get(key)
    if (pool === undefined) {
      pool = new Pool(functionName)
      this.#current.set(key, pool)
    }
    return pool
  }

  /** Whether a pool contains the environment. */
  has(id: string): boolean {
    return this.all().some(({ members }) => [...members].some(({ launched }) => launched.id === id))
  }

  find(key: string): Pool | undefined {
    return this.#current.get(key)
  }

  /** Pools that are not drained, with their keys. */
  current(): (readonly [string, Pool])[] {
    return [...this.#current]
  }

  /** Pools of this key, of its tenants, or of this function. */
  named(keyOrFunctionName: string): (readonly [string, Pool])[] {
    return this.current().filter(
      ([key, { functionName }]) => isKeyOf(key, keyOrFunctionName) || functionName === keyOrFunctionName,
    )
  }

  /** Pools of the function with other keys than these. */
  ofOtherKeys(functionName: string, keys: ReadonlySet<string>): (readonly [string, Pool])[] {
    return this.named(functionName).filter(([key]) => ![...keys].some((current) => isKeyOf(key, current)))
  }

  all(): Pool[] {
    return [...this.#current.values(), ...this.#drained]
  }

  /** Ends the environment that has been free longest, at least since the given time, and is not kept. Returns its id. */
  stopLongestFree(sinceMs: number): string | undefined {
    const free = this.all().flatMap((pool) => pool.freeSince(sinceMs).map((environment) => ({ pool, environment })))
    const [longest] = free.toSorted((one, other) => one.environment.freeSinceMs - other.environment.freeSinceMs)
    longest?.pool.stopFree([longest.environment])
    return longest?.environment.launched.id
  }

  forgetIfEmpty(key: string, pool: Pool): void {
    if (!pool.isEmpty) return
    this.#drained.delete(pool)
    if (this.#current.get(key) === pool) this.#current.delete(key)
  }

  /** The pool takes no more invocations; free environments end now, busy ones after their response. */
  drain(key: string, pool: Pool): void {
    this.#current.delete(key)
    pool.isDrained = true
    if (!pool.isEmpty) this.#drained.add(pool)
    pool.stopFree()
  }
}

/** Whether a key is the version's or that of one of its tenants, which has a further part. */
export function isKeyOf(key: string, versionKey: string): boolean {
  return key === versionKey || key.startsWith(`${versionKey}:`)
}
