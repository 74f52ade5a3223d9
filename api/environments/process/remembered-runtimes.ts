import { readFile, rename, writeFile } from 'node:fs/promises'

/** Which runtimes were wanted last, over restarts. It is a help and no promise: what cannot be read or written is forgotten. */
export interface RememberedRuntimes {
  /** Their identifiers, the last one first. */
  read(): Promise<string[]>
  write(identifiers: readonly string[]): void
  /** Resolves when nothing is on its way to the disk. */
  settled(): Promise<void>
}

export function rememberRuntimes(file: string): RememberedRuntimes {
  let written: Promise<void> = Promise.resolve()

  async function replace(identifiers: readonly string[]): Promise<void> {
    const next = `${file}.next`
    await writeFile(next, `${identifiers.join('\n')}\n`)
    await rename(next, file)
  }

  return {
    async read() {
      const text = await readFile(file, 'utf8').catch(() => '')
      return text.split('\n').filter((line) => line !== '')
    },
    write(identifiers) {
      written = written.then(() => replace(identifiers)).catch(() => undefined)
    },
    settled: () => written,
  }
}
