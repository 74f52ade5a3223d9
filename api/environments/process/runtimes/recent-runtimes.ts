import { readFile, rename, writeFile } from 'node:fs/promises'
import type { FoundRuntime } from '../../driver/found-runtime.ts'

/** What is stored of a runtime: enough to find it again. */
export type RememberedRuntime = Pick<FoundRuntime, 'identifier' | 'memoryMb'>

/** The recently used runtimes, over restarts. Best effort: read and write errors are ignored. */
export interface RememberedRuntimes {
  /** Most recent first. */
  read(): Promise<RememberedRuntime[]>
  write(runtimes: readonly RememberedRuntime[]): void
  /** Resolves when no write is pending. */
  settled(): Promise<void>
}

/** Stores them in a file: one line each, an identifier and, where it matters, a memory size. */
export function rememberRuntimes(file: string): RememberedRuntimes {
  let written: Promise<void> = Promise.resolve()

  async function replace(runtimes: readonly RememberedRuntime[]): Promise<void> {
    const next = `${file}.next`
    await writeFile(next, runtimes.map((runtime) => `${nameOf(runtime)}\n`).join(''))
    await rename(next, file)
  }

  return {
    async read() {
      const text = await readFile(file, 'utf8').catch(() => '')
      return [...text.matchAll(/^(\S+)(?: (\d+))?$/gm)].map(([, identifier = '', memoryMb]) => ({
        identifier,
        ...(memoryMb === undefined ? {} : { memoryMb: Number(memoryMb) }),
      }))
    },
    write(runtimes) {
      written = written.then(() => replace(runtimes)).catch(() => undefined)
    },
    settled: () => written,
  }
}

/** A name that distinguishes runtimes with different start commands. */
export function nameOf({ identifier, memoryMb }: RememberedRuntime): string {
  return memoryMb === undefined ? identifier : `${identifier} ${String(memoryMb)}`
}
