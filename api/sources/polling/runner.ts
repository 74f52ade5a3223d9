import { problem } from '../mappings/processing-result.ts'
import type { Lease, Leases } from './lease.ts'
import { backOffMs, isOver, pause } from './pause.ts'
import { shownText, type Source } from './source.ts'

/** Polls those parts of a mapping's source whose leases this server holds, until it is stopped. */
export interface MappingRunner {
  /** Stops polling, and waits for running batches. */
  stop(): Promise<void>
}

export interface MappingRunnerParts {
  readonly uuid: string
  readonly open: () => Promise<Source>
  readonly leases: Leases
  readonly times: LeaseTimes
  /** Whether the mapping is still to be polled as it is here. Asked under each new lease, since another server may have changed it. */
  readonly isCurrent: () => Promise<boolean>
  /** Reports failed polls, to be shown by the mapping. */
  readonly report: (result: string | undefined) => void
  /** Called when a source can be reached again. */
  readonly reached: () => void
  /** Logs a fault; called with the same line at each retry. */
  readonly warn: (line: string) => void
}

/** How long leases last, and how often they are renewed and acquired. */
export interface LeaseTimes {
  readonly leaseMs: number
  readonly tickMs: number
}

/** The leases of a dead server expire and are acquired by another one: within 13 s. */
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
  if (signal.aborted || !(await isCurrent(parts, lease))) return parts.leases.release(lease)
  const polling = pollUnderLease(source, part, lease, parts, signal).finally(() => held.delete(part))
  held.set(part, polling)
}

async function isCurrent({ isCurrent: ask, leases }: MappingRunnerParts, lease: Lease): Promise<boolean> {
  try {
    return await ask()
  } catch (error) {
    await leases.release(lease)
    throw error
  }
}

/** Polls while the lease is renewed. An error is reported and retried with backoff under the same lease. Never rejects. */
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

/** AWS's text for sources that cannot be reached. The log has the cause. */
const unreachable = 'Connection error. Please check your event source connection configuration.'

function reportFault(error: unknown, { uuid, report, warn }: MappingRunnerParts): void {
  report(problem(shownText(error) ?? unreachable))
  warn(cannotBePolled(uuid, textOf(error)))
}

/** The line in the log. */
export function cannotBePolled(uuid: string, reason: string): string {
  return `The event source of mapping ${uuid} cannot be polled: ${reason}`
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
