/** One record of a stream, as its service has it. */
export interface StreamRecord {
  readonly sequenceNumber: string
  /** When the service took it, epoch milliseconds. */
  readonly arrivedMs: number
  /** Records with the same key are run in order: the partition key, or the item's. */
  readonly orderKey: string
  /** As the function gets it. */
  readonly event: object
  /** What filters look at besides the other members of the event: text, or an object. */
  readonly data: string | object
}
