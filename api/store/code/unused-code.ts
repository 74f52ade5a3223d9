const hourMs = 60 * 60 * 1000

/** What was seen unused, by this process's own clock. */
export interface UnusedCode {
  /** Notes that something is unused, and answers whether it has been so for the grace. */
  isOverdue(name: string): boolean
  /** It is in use. */
  forget(name: string): void
}

/** Nothing is unused yet; the grace is an hour unless given. */
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
