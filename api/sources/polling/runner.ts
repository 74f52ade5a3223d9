import type { Lease, Leases } from './lease.ts'
import { backOffMs, isOver, pause } from './pause.ts'
import { shownText, type Source } from './source.ts'

/** Polls the parts of one mapping's source that this server holds leases of, until it is stopped. */
export interface MappingRunner {
  /** Ends soon: batches that run are waited for. */
  stop(): Promise<void>
}

export interface MappingRunnerParts {
  readonly uuid: string
  readonly open: () => Promise<Source>
  readonly leases: Leases
  readonly times: LeaseTimes
  /** What the mapping shows of polls that fail. */
  readonly report: (result: string | undefined) => void
  /** Told when a source whose parts could not be listed is there again. */
  readonly reached: () => void
  readonly warn: (line: string) => void
}

/** How long leases hold, and how often they are renewed and looked for. */
export interface LeaseTimes {
  readonly leaseMs: number
  readonly tickMs: number
}

/** A server that died is replaced when its lease has ended and another has looked: at most 13 s later. */
export const leaseTimes: LeaseTimes = { leaseMs: 10_000, tickMs: 3_000 }

/** Starts to poll. */
export function startMappingRunner(parts: MappingRunnerParts): MappingRunner {
  const ending = new AbortController()
  const held = new Map<string, Promise<void>>()
  const done = keepPolling(parts, held, ending.signal)
  return {
    async stop() {
      ending.abort()
      const source = await done
      await Promise.all(held.values())
      await source?.close?.()
    },
  }
}

async function keepPolling(
  parts: MappingRunnerParts,
  held: Map<string, Promise<void>>,
  signal: AbortSignal,
): Promise<Source | undefined> {
  let source: Source | undefined
  let failures = 0
  while (!signal.aborted) {
    try {
      source ??= await parts.open()
      for (const part of await source.parts()) if (!held.has(part)) await take(source, part, parts, held, signal)
      if (failures > 0) parts.reached()
      failures = 0
      await pause(parts.times.tickMs, signal)
    } catch (error) {
      reportFault(error, parts)
      await pause(backOffMs(failures++), signal)
    }
  }
  return source
}

async function take(
  source: Source,
  part: string,
  parts: MappingRunnerParts,
  held: Map<string, Promise<void>>,
  signal: AbortSignal,
): Promise<void> {
  const lease = await parts.leases.acquire(`${parts.uuid}/${part}`, parts.times.leaseMs)
  if (lease === undefined) return
  if (signal.aborted) return parts.leases.release(lease)
  const polling = pollUnderLease(source, part, lease, parts, signal).finally(() => held.delete(part))
  held.set(part, polling)
}

/** Polls while the lease is renewed; a fault is shown and waited out under the same lease. Never rejects. */
async function pollUnderLease(
  source: Source,
  part: string,
  lease: Lease,
  parts: MappingRunnerParts,
  signal: AbortSignal,
): Promise<void> {
  const { leaseMs, tickMs } = parts.times
  const lost = new AbortController()
  const either = AbortSignal.any([signal, lost.signal])
  const renewing = setInterval(() => {
    parts.leases.renew(lease, leaseMs).then(
      (isMine) => {
        if (!isMine) lost.abort()
      },
      () => lost.abort(),
    )
  }, tickMs)
  try {
    for (let failures = 0; !either.aborted; failures++) {
      const startMs = performance.now()
      try {
        await source.poll(part, lease, either)
        if (!isOver(either)) return
      } catch (error) {
        if (isOver(either)) return
        reportFault(error, parts)
        if (performance.now() - startMs > 2 * backOffMs(failures)) failures = 0
        await pause(backOffMs(failures), either)
      }
    }
  } finally {
    clearInterval(renewing)
    await parts.leases.release(lease).catch(() => undefined)
  }
}

/** Sources that cannot be reached are said to be so as AWS says it; what is our own fault is logged with its cause. */
const unreachable = 'Connection error. Please check your event source connection configuration.'

function reportFault(error: unknown, { uuid, report, warn }: MappingRunnerParts): void {
  report(`PROBLEM: ${shownText(error) ?? unreachable}`)
  warn(`The event source of mapping ${uuid} cannot be polled: ${textOf(error)}`)
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
