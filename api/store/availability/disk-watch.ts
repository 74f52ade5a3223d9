/** Tells the operator once when the data folder cannot be written, and once when it can be again. */
export interface DiskWatch {
  failed(cause: Error): void
  succeeded(): void
}

/** Logs for one data folder. */
export function watchDisk(dataFolder: string, log: { info(line: string): void; warn(line: string): void }): DiskWatch {
  let isFailing = false
  return {
    failed: ({ message }) => {
      if (!isFailing) {
        log.warn(
          `The data folder ${dataFolder} cannot be written: ${message}. Requests that need it are answered 503; what became of accepted events is stored as soon as it can be.`,
        )
      }
      isFailing = true
    },
    succeeded: () => {
      if (isFailing) log.info(`The data folder ${dataFolder} can be written again.`)
      isFailing = false
    },
  }
}
