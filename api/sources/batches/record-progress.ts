/** The progress of a shard whose records are processed by concurrent workers. */
export interface ShardProgress {
  /** Adds a record. Records are added in the order in which they are read. */
  add(sequenceNumber: string): void
  done(sequenceNumbers: readonly string[]): void
  /** The last record up to which all records are processed; undefined before the first. */
  reached(): string | undefined
}

/** Creates the progress of a shard that has not been read yet. */
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
