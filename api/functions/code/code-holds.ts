/** Packages that environments of this server run from, by their hash. They stay, even when no function names them any more. */
export interface CodeHolds {
  /** Holds packages; returns how to release them. */
  hold(sha256s: Iterable<string>): () => void
  has(sha256: string): boolean
}

/** Counts the holders of each package. */
export function createCodeHolds(): CodeHolds {
  const holders = new Map<string, number>()
  const change = (sha256: string, by: number): void => {
    const count = (holders.get(sha256) ?? 0) + by
    if (count > 0) holders.set(sha256, count)
    else holders.delete(sha256)
  }
  return {
    hold: (sha256s) => {
      const held = [...sha256s]
      for (const sha256 of held) change(sha256, 1)
      return () => {
        for (const sha256 of held.splice(0)) change(sha256, -1)
      }
    },
    has: (sha256) => holders.has(sha256),
  }
}
