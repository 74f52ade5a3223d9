import type { ShutdownMessage } from '../protocol/protocol.ts'
import { shutdownEvent } from '../runtime-api/extensions/next.ts'
import type { Extension } from './extension.ts'
import type { RunningProcess } from '../processes/running-process.ts'

/** Shutdown deadlines, as on AWS (reference 4.5). */
const [internalMs, allMs, runtimeMs] = [500, 2_000, 300]

export interface ShutdownParties {
  readonly runtime: RunningProcess | undefined
  readonly external: ReadonlyMap<Extension, RunningProcess>
  /** Whether any extension has registered, internal ones included. */
  readonly hasExtensions: boolean
  /** Flushes telemetry to extensions. */
  readonly flush: () => Promise<void>
}

/**
 * Shuts down the processes of an environment in order, and kills those left at the deadline.
 *
 * 1. none         without extensions the runtime is killed at once
 * 2. runtime      SIGTERM and a grace period, which is longer with internal extensions
 * 3. extensions   SHUTDOWN for those registered for it, and the rest of the time to exit; those that
 *                 reported an error have it too, the others are killed
 */
export async function shutDown(parties: ShutdownParties, reason: ShutdownMessage['reason']): Promise<void> {
  const { runtime, external, hasExtensions, flush } = parties
  if (!hasExtensions) return runtime?.kill()
  const startedMs = performance.now()
  const deadlineMs = Date.now() + allMs
  await endWithin(runtime, external.size === 0 ? internalMs : runtimeMs)
  if (external.size > 0) await flush()
  const event = shutdownEvent(reason, deadlineMs)
  for (const [extension, running] of external) {
    if (extension.isLeaving || running.isGone) continue
    if (!extension.wants('SHUTDOWN')) running.kill()
    else if (extension.canListen) extension.offer(event)
  }
  const leftMs = allMs - (performance.now() - startedMs)
  await Promise.all([...external.values()].map((running) => running.goneWithin(leftMs)))
  for (const running of external.values()) running.kill()
}

async function endWithin(runtime: RunningProcess | undefined, graceMs: number): Promise<void> {
  if (runtime === undefined || runtime.isGone) return
  runtime.group.terminate()
  await runtime.goneWithin(graceMs)
  runtime.kill()
}
