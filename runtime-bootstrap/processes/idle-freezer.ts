/** Freezes an idle environment after a short delay. */
export interface IdleFreezer {
  /** Freezes after the delay, unless cancelled. */
  schedule(): void
  cancel(): void
}

/** AWS freezes an idle environment at once. The delay spares consecutive invocations a freeze and thaw each. */
const delayMs = 10

export function createIdleFreezer(freeze: () => void): IdleFreezer {
  let timer: NodeJS.Timeout | undefined
  return {
    schedule() {
      clearTimeout(timer)
      timer = setTimeout(freeze, delayMs)
    },
    cancel: () => clearTimeout(timer),
  }
}
