import type { PolledMappings } from './poll-settings.ts'
import { isLossResult, recordsLost } from './processing-result.ts'

/** What polling a mapping reports, shown by the mapping and logged. */
export interface Results {
  readonly report: (result: string | undefined) => void
  readonly reached: () => void
  readonly lost: (part: string, reason: string) => void
  readonly warn: (line: string) => void
}

export interface ResultsParts {
  readonly mappings: Pick<PolledMappings, 'report' | 'recover'>
  readonly warn: (line: string) => void
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** So many different lines about one mapping are told apart. */
const maxLines = 100
/** How long a mapping shows that records may be lost although batches succeed since. */
const lossShownMs = 600_000

/**
 * Writes a result only if it differs from the last one, so that a batch costs no write, and logs each line once until the source is
 * reached, not at each retry.
 */
export function createResults(uuid: string, { mappings, warn, now }: ResultsParts): Results {
  let last: { readonly result: string | undefined } | undefined
  let lossShownUntilMs = 0
  const write = (writing: Promise<void>): void => {
    writing.catch((cause: unknown) => warn(`The result of mapping ${uuid} could not be saved: ${String(cause)}`))
  }
  const warned = new Set<string>()
  return {
    warn(line) {
      if (warned.has(line)) return
      if (warned.size >= maxLines) warned.clear()
      warned.add(line)
      warn(line)
    },
    report(result) {
      if (last !== undefined && last.result === result) return
      if (result === 'OK' && isLossResult(last?.result) && now() < lossShownUntilMs) return
      last = { result }
      write(mappings.report(uuid, result))
    },
    lost(part, reason) {
      warn(`Records of ${part} may be lost to mapping ${uuid}: ${reason}`)
      last = { result: recordsLost(part, reason) }
      lossShownUntilMs = now() + lossShownMs
      write(mappings.report(uuid, last.result))
    },
    reached() {
      if (!isLossResult(last?.result)) last = undefined
      warned.clear()
      write(mappings.recover(uuid))
    },
  }
}
