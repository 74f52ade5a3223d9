/** A record of a topic. */
export interface KafkaRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In order; names may repeat. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
  readonly offset: bigint
  readonly timestampMs: number
  /** Whether the timestamp is from the broker, not from the producer. */
  readonly isAppendTime: boolean
}
