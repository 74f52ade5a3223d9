import { readFile, rename, writeFile } from 'node:fs/promises'
import type { FoundRuntime } from '../../driver/found-runtime.ts'

/** What is remembered of a runtime: all that it takes to find it again. */
export type RememberedRuntime = Pick<FoundRuntime, 'identifier' | 'memoryMb'>

/** Which runtimes were wanted last, over restarts. It is a help and no promise: what cannot be read or written is forgotten. */
export interface RememberedRuntimes {
  /** The last one first. */
  read(): Promise<RememberedRuntime[]>
  write(runtimes: readonly RememberedRuntime[]): void
  /** Resolves when nothing is on its way to the disk. */
  settled(): Promise<void>
}

/** Remembers them in a file: a line each, an identifier and a memory size where that matters. */
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

/** Tells runtimes apart that are started in different ways. */
export function nameOf({ identifier, memoryMb }: RememberedRuntime): string {
  return memoryMb === undefined ? identifier : `${identifier} ${String(memoryMb)}`
}
