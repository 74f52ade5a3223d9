import { randomUUID } from 'node:crypto'
import { traceHeader } from '../../invoke/trace-header.ts'
import { pause } from '../polling/pause.ts'
import type { PollSettings } from '../mappings/poll-settings.ts'
import type { FailureRecord, DiscardBatch } from '../polling/source.ts'

/** The record that an on-failure destination receives. */
export interface DeliveredRecord {
  readonly targetArn: string
  /** JSON text. */
  readonly body: string
  readonly eventId: string
  readonly functionName: string
  readonly functionArn: string
  readonly isSuccess: false
  readonly endedMs: number
  readonly traceHeader: string
  /** The key of the object in a bucket. */
  readonly objectKey: string
}

/** Delivers a record to its target. Rejects unless delivery is acknowledged. */
export type DeliverRecord = (record: DeliveredRecord, signal: AbortSignal) => Promise<void>

export interface DiscardParts {
  readonly deliver: DeliverRecord
  readonly warn: (line: string) => void
  readonly now: () => number
}

const attempts = 5
const attemptMs = 15_000
const initialPauseMs = 500

/** Sends discarded batches to the mapping's on-failure destination. A record that cannot be delivered is logged and lost. */
export function createDiscard(settings: PollSettings, parts: DiscardParts): DiscardBatch {
  const { onFailure: targetArn, functionArn } = settings
  return async (failure) => {
    if (targetArn === undefined) return
    const hasPayload = targetArn.split(':')[2] === 's3'
    const body = JSON.stringify(hasPayload ? { ...failure.record, payload: failure.payload } : failure.record)
    const endedMs = parts.now()
    const record: DeliveredRecord = {
      targetArn,
      body,
      eventId: failure.id,
      functionName: functionArn.split(':')[6] ?? '',
      functionArn,
      isSuccess: false,
      endedMs,
      traceHeader: traceHeader(undefined, endedMs),
      objectKey: objectKey(settings.uuid, failure, endedMs),
    }
    const send = failure.send ?? ((signal: AbortSignal) => parts.deliver(record, signal))
    await sendWithRetries(targetArn, send, parts)
  }
}

async function sendWithRetries(
  target: string,
  send: (signal: AbortSignal) => Promise<void>,
  { warn }: Pick<DiscardParts, 'warn'>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await send(AbortSignal.timeout(attemptMs))
      return
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (attempt === attempts) {
        warn(`The record of a failed batch could not be delivered to ${target}: ${reason}`)
        return
      }
      await pause(initialPauseMs * 2 ** attempt, new AbortController().signal)
    }
  }
}

/** AWS's key for the record of a batch (reference 8.3), which no other record has: two batches may have failed in one invocation. */
function objectKey(uuid: string, { part }: FailureRecord, endedMs: number): string {
  const time = new Date(endedMs).toISOString().slice(0, 19)
  return `aws/lambda/${uuid}/${part}/${time.slice(0, 10).replaceAll('-', '/')}/${time.replaceAll(':', '.')}-${randomUUID()}`
}
