import type { Stored } from '../../../functions/catalogue/catalogue.ts'
import type { FunctionRecord, FunctionVersion } from '../../../functions/function/function.ts'

/** The cached state of one function: its record, and the versions that were read. */
export interface CachedFunction {
  record?: Stored<FunctionRecord>
  readonly versions: Map<string, FunctionVersion>
}

/** A cache of parsed records. */
export interface CatalogueCache {
  known(name: string): CachedFunction | undefined
  /** The last known state, even if it is out of date. */
  recall(name: string): CachedFunction | undefined
  /** Reads from Redis, and caches the result unless the function changed meanwhile. */
  load<Value>(
    name: string,
    read: () => Promise<Value | undefined>,
    keep: (known: CachedFunction, value: Value) => void,
  ): Promise<Value | undefined>
  /** Invalidates the function, including reads under way. */
  forget(name: string): void
  /** Invalidates all functions, including reads under way. */
  distrust(): void
}

const maxFunctions = 1000
const maxVersions = 100

/** Creates an empty cache, which evicts the oldest entry when it is full. */
export function createCatalogueCache(): CatalogueCache {
  const functions = new Map<string, CachedFunction>()
  const trusted = new Set<CachedFunction>()
  const loads = new Set<{ readonly name: string; isStale: boolean }>()

  const known = (name: string): CachedFunction | undefined => {
    const found = functions.get(name)
    return found !== undefined && trusted.has(found) ? found : undefined
  }
  const drop = (name: string): void => {
    const found = functions.get(name)
    if (found !== undefined) trusted.delete(found)
    functions.delete(name)
  }
  const placeFor = (name: string): CachedFunction => {
    const present = known(name)
    if (present !== undefined) return present
    drop(name)
    for (const oldest of functions.keys()) {
      if (functions.size < maxFunctions) break
      drop(oldest)
    }
    const place = { versions: new Map<string, FunctionVersion>() }
    functions.set(name, place)
    trusted.add(place)
    return place
  }
  return {
    known,
    recall: (name) => functions.get(name),
    load: async (name, read, keep) => {
      const load = { name, isStale: false }
      loads.add(load)
      try {
        const value = await read()
        if (value === undefined || load.isStale) return value
        const place = placeFor(name)
        for (const oldest of place.versions.keys()) {
          if (place.versions.size < maxVersions) break
          place.versions.delete(oldest)
        }
        keep(place, value)
        return value
      } finally {
        loads.delete(load)
      }
    },
    forget: (name) => {
      drop(name)
      for (const load of loads) if (load.name === name) load.isStale = true
    },
    distrust: () => {
      trusted.clear()
      for (const load of loads) load.isStale = true
    },
  }
}
