const hourMs = 60 * 60 * 1000

/** Since when each package is unused, by this process's own clock. */
export interface UnusedCode {
  /** Notes that a package is unused. Returns whether it has been unused for the grace period. */
  isOverdue(name: string): boolean
  /** Notes that a package is in use. */
  forget(name: string): void
}

/** Starts with no unused packages. The grace period is an hour by default. */
export function watchUnusedCode(now: () => number, graceMs = hourMs): UnusedCode {
  const since = new Map<string, number>()
  return {
    isOverdue: (name) => {
      const first = since.get(name) ?? now()
      since.set(name, first)
      return now() - first >= graceMs
    },
    forget: (name) => void since.delete(name),
  }
}
