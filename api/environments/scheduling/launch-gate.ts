/** Lets a bounded number of environments start at the same time; the others wait in order. */
export interface LaunchGate {
  /** Resolves when a slot is free, with a function that releases it. */
  enter(): Promise<() => void>
}

/** A gate with `limit` slots. */
export function createLaunchGate(limit: number): LaunchGate {
  const queue: (() => void)[] = []
  let inside = 0
  const leave = () => {
    const next = queue.shift()
    if (next) next()
    else inside--
  }
  return {
    enter: async () => {
      if (inside < limit) inside++
      else await new Promise<void>((resolve) => queue.push(resolve))
      let isReleased = false
      return () => {
        if (!isReleased) leave()
        isReleased = true
      }
    },
  }
}
