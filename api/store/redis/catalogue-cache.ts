import type { Stored } from '../../functions/catalogue.ts'
import type { FunctionRecord, FunctionVersion } from '../../functions/function.ts'

/** What is known of one function: its record, and the versions that were asked for. */
export interface CachedFunction {
  record?: Stored<FunctionRecord>
  readonly versions: Map<string, FunctionVersion>
}

/** Parsed records in memory. */
export interface CatalogueCache {
  known(name: string): CachedFunction | undefined
  /** Reads, and keeps what was read unless the function changed meanwhile. */
  load<Value>(
    name: string,
    read: () => Promise<Value | undefined>,
    keep: (known: CachedFunction, value: Value) => void,
  ): Promise<Value | undefined>
  /** What is known or just being read of the function is out of date. */
  forget(name: string): void
  clear(): void
}

const mostFunctions = 1000
const mostVersions = 100

/** An empty cache, which drops what it has held longest when it is full. */
export function createCatalogueCache(): CatalogueCache {
  const functions = new Map<string, CachedFunction>()
  const loads = new Set<{ readonly name: string; isStale: boolean }>()

  const placeFor = (name: string): CachedFunction => {
    const known = functions.get(name) ?? { versions: new Map<string, FunctionVersion>() }
    if (!functions.has(name)) dropOldest(functions, mostFunctions)
    functions.set(name, known)
    return known
  }
  return {
    known: (name) => functions.get(name),
    load: async (name, read, keep) => {
      const load = { name, isStale: false }
      loads.add(load)
      try {
        const value = await read()
        if (value === undefined || load.isStale) return value
        const place = placeFor(name)
        dropOldest(place.versions, mostVersions)
        keep(place, value)
        return value
      } finally {
        loads.delete(load)
      }
    },
    forget: (name) => {
      functions.delete(name)
      for (const load of loads) if (load.name === name) load.isStale = true
    },
    clear: () => {
      functions.clear()
      for (const load of loads) load.isStale = true
    },
  }
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size < most) return
    map.delete(oldest)
  }
}
