/** Lets a bounded number of environments start at the same time; the others wait in order. */
export interface LaunchGate {
  /** Resolves when there is room, with what gives the room back. */
  enter(): Promise<() => void>
}

/** A gate with room for `limit` starts at once. */
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
      let isGivenBack = false
      return () => {
        if (!isGivenBack) leave()
        isGivenBack = true
      }
    },
  }
}
