/** A record as the topic has it. */
export interface KafkaRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In order; a name may be there more than once. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
  readonly offset: bigint
  readonly timestampMs: number
  /** Whether the time is that of the broker, and not that of the producer. */
  readonly isAppendTime: boolean
}
