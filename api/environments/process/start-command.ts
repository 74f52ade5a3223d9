import type { FoundRuntime } from './runtimes.ts'
import type { Places } from '../variables.ts'

/** The runtime's start command; empty for `provided.*`, where the function brings its own `bootstrap`. */
export function startCommand(runtime: FoundRuntime, places: Places): string[] {
  if (runtime.interpreter === undefined || runtime.client === undefined) return []
  return [runtime.interpreter, `${places.runtimeDir}/${runtime.client}`]
}
