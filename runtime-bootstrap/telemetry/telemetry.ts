import { createLineSplitter, type LineSplitter } from '../logs/line-splitter.ts'
import type { PlatformEvent } from '../platform/platform-events.ts'
import { createSender } from './sender.ts'
import { Subscription } from './subscription.ts'
import type { SubscriptionRequest } from '../runtime-api/extensions/subscription-request.ts'
import { lineRecord, platformRecord, type TelemetryRecord } from './telemetry-record.ts'

/** Limits of the backlog for extensions that subscribe late in an initialisation. */
const maxBacklogRecords = 1_000
const maxBacklogBytes = 262_144

/** Publishes an environment's events and log lines to subscribed extensions. */
export class Telemetry {
  readonly #isJsonLog: boolean
  readonly #byExtension = new Map<string, Subscription>()
  readonly #open: Readonly<Record<'function' | 'extension', LineSplitter>> = {
    function: createLineSplitter(),
    extension: createLineSplitter(),
  }
  #backlog: TelemetryRecord[] | undefined = []
  #backlogBytes = 0

  constructor(isJsonLog: boolean) {
    this.#isJsonLog = isJsonLog
  }

  /** Whether an extension may still subscribe. */
  get isOpen(): boolean {
    return this.#backlog !== undefined
  }

  subscriptionOf(id: string): SubscriptionRequest | undefined {
    return this.#byExtension.get(id)?.request
  }

  /** Subscribes an extension, starting with the backlog since initialisation began. */
  subscribe(id: string, request: SubscriptionRequest): void {
    const former = this.#byExtension.get(id)
    former?.close()
    const subscription = new Subscription(request, createSender(request.destination))
    this.#byExtension.set(id, subscription)
    if (former === undefined) for (const record of this.#backlog ?? []) subscription.add(record)
  }

  /** Closes subscriptions at the end of initialisation; returns whether there are any. */
  closeSubscriptions(): boolean {
    this.#backlog = undefined
    return this.#byExtension.size > 0
  }

  events(events: readonly PlatformEvent[]): void {
    this.#endOpenLines()
    const now = new Date()
    for (const event of events) this.#add(platformRecord(event, now))
  }

  /** Adds output of the function or the extensions. */
  output(type: 'function' | 'extension', chunk: Buffer): void {
    this.#addLines(type, this.#open[type].split(chunk))
  }

  /** Flushes all subscriptions; resolves when their records are acknowledged or dropped. */
  async flush(): Promise<void> {
    this.#endOpenLines()
    await Promise.all([...this.#byExtension.values()].map((subscription) => subscription.flush()))
  }

  close(): void {
    for (const subscription of this.#byExtension.values()) subscription.close()
  }

  #endOpenLines(): void {
    for (const type of ['function', 'extension'] as const) this.#addLines(type, this.#open[type].rest())
  }

  #addLines(type: 'function' | 'extension', lines: Buffer): void {
    if (lines.length === 0 || !this.#isWanted(lines.length)) return
    const now = new Date()
    for (const line of lines.toString('utf8', 0, lines.length - 1).split('\n')) {
      this.#add(lineRecord(type, line, now, this.#isJsonLog))
    }
  }

  /** Without subscribers only the bounded backlog is kept. */
  #isWanted(bytes: number): boolean {
    return this.#byExtension.size > 0 || this.#backlogBytes + bytes <= maxBacklogBytes
  }

  #add(record: TelemetryRecord): void {
    if (this.#backlog !== undefined) this.#addToBacklog(record)
    for (const subscription of this.#byExtension.values()) subscription.add(record)
  }

  #addToBacklog(record: TelemetryRecord): void {
    const bytes = record.text.length
    if (this.#backlog === undefined || this.#backlog.length >= maxBacklogRecords) return
    if (this.#backlogBytes + bytes > maxBacklogBytes) return
    this.#backlogBytes += bytes
    this.#backlog.push(record)
  }
}
