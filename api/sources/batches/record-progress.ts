/** How far a shard is done with, while its lanes work at different places. */
export interface ShardProgress {
  /** In the order in which they are read. */
  add(sequenceNumber: string): void
  done(sequenceNumbers: readonly string[]): void
  /** The last record before which, itself included, everything is done with; nothing before the first. */
  reached(): string | undefined
}

/** Progress of a shard of which nothing is read yet. */
export function createShardProgress(): ShardProgress {
  const underWay: string[] = []
  const finished = new Set<string>()
  let last: string | undefined
  return {
    add: (sequenceNumber) => void underWay.push(sequenceNumber),
    done(sequenceNumbers) {
      for (const each of sequenceNumbers) finished.add(each)
      let count = 0
      while (count < underWay.length && finished.has(underWay[count] ?? '')) finished.delete(underWay[count++] ?? '')
      if (count > 0) last = underWay[count - 1]
      underWay.splice(0, count)
    },
    reached: () => last,
  }
}
