/** One record of a stream. */
export interface StreamRecord {
  readonly sequenceNumber: string
  /** When the service received it, epoch milliseconds. */
  readonly arrivedMs: number
  /** Records with the same key are run in order: the partition key, or the item's. */
  readonly orderKey: string
  /** As the function receives it. */
  readonly event: object
  /** The data that filters match: text, an object, or bytes that are not text. */
  readonly data: string | object
  /** The other members that filters match; those of the event if absent. */
  readonly metadata?: object
}
