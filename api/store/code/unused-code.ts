/** Since when each package is unused, by this process's own clock. */
export interface UnusedCode {
  /** Notes that a package is unused. Returns whether it has been unused for the grace period. */
  isOverdue(name: string): boolean
  /** Notes that a package is in use. */
  forget(name: string): void
  /** In how many milliseconds the first package that is unused now is overdue; undefined when all are in use. */
  dueInMs(): number | undefined
}

/** Starts with no unused packages. `clock` is in milliseconds. */
export function watchUnusedCode(clock: () => number, graceMs: number): UnusedCode {
  const since = new Map<string, number>()
  return {
    isOverdue: (name) => {
      const first = since.get(name) ?? clock()
      since.set(name, first)
      return clock() - first >= graceMs
    },
    forget: (name) => void since.delete(name),
    dueInMs: () => {
      // Packages are noted in the order of time.
      const first = since.values().next().value
      return first === undefined ? undefined : Math.max(0, first + graceMs - clock())
    },
  }
}

/** The smallest of several times; undefined when there is none. */
export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
