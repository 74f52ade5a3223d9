import type { Sender } from './sender.ts'
import type { SubscriptionRequest } from '../runtime-api/extensions/subscription-request.ts'
import { platformRecord, textsFor, type TelemetryRecord } from './telemetry-record.ts'

/** Retry backoff for records that a subscriber does not acknowledge. */
const pausesMs = [50, 100, 200, 400, 800, 1_000, 1_000]
/** The buffer holds at most this many batches. */
const maxDeliveries = 2
const fallenBehind = 'Consumer seems to have fallen behind as it has not acknowledged receipt of logs.'

/** Batches records for one subscriber, sends one batch after the other, and drops records when it is too slow. */
export class Subscription {
  readonly request: SubscriptionRequest
  readonly #sender: Sender
  #waiting: string[] = []
  #bytes = 0
  #droppedRecords = 0
  #droppedBytes = 0
  #timer: NodeJS.Timeout | undefined
  #delivering: Promise<void> | undefined
  #isClosed = false
  #isLost = false

  constructor(request: SubscriptionRequest, sender: Sender) {
    this.request = request
    this.#sender = sender
  }

  add(record: TelemetryRecord): void {
    for (const text of textsFor(record, this.request)) this.#add(text)
    const { maxItems, maxBytes, timeoutMs } = this.request
    if (this.#waiting.length >= maxItems || this.#bytes >= maxBytes) void this.flush()
    else if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => void this.flush(), timeoutMs)
  }

  /** Sends the buffered records; resolves when the buffer is empty. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#delivering ??= this.#deliverAll().finally(() => (this.#delivering = undefined))
    return this.#delivering
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#sender.close()
  }

  #add(text: string): void {
    const bytes = Buffer.byteLength(text)
    const maxBytes = this.request.maxBytes * maxDeliveries
    if (this.#bytes + bytes > maxBytes || this.#waiting.length >= this.request.maxItems * maxDeliveries) {
      return this.#drop(1, bytes)
    }
    this.#waiting.push(text)
    this.#bytes += bytes
  }

  async #deliverAll(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isClosed) {
      const records = this.#waiting.splice(0, this.request.maxItems)
      const bytes = records.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
      const dropped = [this.#droppedRecords, this.#droppedBytes] as const
      if (await this.#deliver([...droppedTexts(...dropped, this.request), ...records])) {
        this.#drop(-dropped[0], -dropped[1])
      } else this.#drop(records.length, bytes)
      this.#bytes -= bytes
    }
  }

  async #deliver(records: readonly string[]): Promise<boolean> {
    // A subscriber that failed all retries gets one attempt per batch until one succeeds.
    for (const pauseMs of this.#isLost ? [0] : [0, ...pausesMs]) {
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
      if (this.#isClosed) return false
      try {
        await this.#sender.send(records)
        this.#isLost = false
        return true
      } catch {
        // Its listener may not be there yet.
      }
    }
    this.#isLost = true
    return false
  }

  #drop(records: number, bytes: number): void {
    this.#droppedRecords += records
    this.#droppedBytes += bytes
  }
}

/** The record that reports dropped records to the subscriber. */
function droppedTexts(droppedRecords: number, droppedBytes: number, request: SubscriptionRequest): readonly string[] {
  if (droppedRecords === 0) return []
  const record = { reason: fallenBehind, droppedRecords, droppedBytes }
  return textsFor(platformRecord({ type: 'platform.logsDropped', record }, new Date()), request)
}
