import type { FoundRuntime } from '../../driver/found-runtime.ts'
import type { EnvironmentFolders } from '../../driver/variables.ts'

/** The runtime's start command; empty for `provided.*`, where the function brings its own `bootstrap`. */
export function startCommand({ interpreter, client, memoryMb }: FoundRuntime, folders: EnvironmentFolders): string[] {
  if (interpreter === undefined || client === undefined) return []
  const flags = memoryMb === undefined ? [] : nodeFlags(memoryMb)
  return [interpreter, ...flags, `${folders.runtimeDir}/${client}`]
}

/**
 * AWS's flags for Node.js: a tenth of the memory for the young generation, the rest for the old one, so that garbage is collected
 * before the memory is used up. `k8s/images/node-flags.sh` sets the same in images.
 */
export function nodeFlags(memoryMb: number): string[] {
  const young = Math.floor(memoryMb / 10)
  return [
    ...['--expose-gc', '--max-http-header-size', '81920'],
    ...[`--max-semi-space-size=${String(Math.floor(young / 2))}`, `--max-old-space-size=${String(memoryMb - young)}`],
  ]
}
