/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** The partition's name in events (reference 8.4). */
export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${String(partition)}`
}

/** The partition of this name. */
export function partitionNamed(name: string): TopicPartition {
  const end = name.lastIndexOf('-')
  return { topic: name.slice(0, end), partition: Number(name.slice(end + 1)) }
}
