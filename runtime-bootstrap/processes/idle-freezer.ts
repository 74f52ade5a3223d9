/** Stops what has nothing to do, unless something comes soon. */
export interface IdleFreezer {
  /** Freezes after the delay, unless it is called off. */
  later(): void
  callOff(): void
}

/** AWS freezes an idle environment at once; the delay keeps invocations in a row from paying for it. */
const delayMs = 10

export function createIdleFreezer(freeze: () => void): IdleFreezer {
  let timer: NodeJS.Timeout | undefined
  return {
    later() {
      clearTimeout(timer)
      timer = setTimeout(freeze, delayMs)
    },
    callOff: () => clearTimeout(timer),
  }
}
