import type { OpenWindow } from '../polling/checkpoints.ts'
import type { StreamRecord } from '../batches/stream-record.ts'

/** Maximum state of a window (reference 8.3). */
const maxStateBytes = 1024 * 1024

/** The tumbling window of a shard: which records belong together, and the function's state. */
export interface TumblingWindow {
  /** The start of the window that a record belongs to. */
  readonly startOf: (record: StreamRecord) => number
  /** The open window, to be saved with the checkpoint. */
  open(): OpenWindow | undefined
  /** When the open window ends, epoch milliseconds. */
  endMs(): number | undefined
  /** Opens the window with this start. */
  enter(startMs: number): void
  /** The members of the event besides its records. */
  members(isFinal: boolean): object
  /** Takes the state from the function's response. False if it is too large: the window ends early. */
  keep(payload: Uint8Array): boolean
  leave(): void
}

export interface TumblingWindowParts {
  readonly seconds: number
  readonly shardId: string
  readonly streamArn: string
  readonly opened: OpenWindow | undefined
}

/** Restores the window of a shard. */
export function createTumblingWindow({ seconds, shardId, streamArn, opened }: TumblingWindowParts): TumblingWindow {
  const lengthMs = seconds * 1000
  let open = opened
  let isEarly = false
  const timeOf = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`
  return {
    startOf: ({ arrivedMs }) => Math.floor(arrivedMs / lengthMs) * lengthMs,
    open: () => open,
    endMs: () => open && open.startMs + lengthMs,
    enter(startMs) {
      open ??= { startMs, state: {} }
    },
    members: (isFinal) => ({
      window: { start: timeOf(open?.startMs ?? 0), end: timeOf((open?.startMs ?? 0) + lengthMs) },
      state: open?.state ?? {},
      shardId,
      eventSourceARN: streamArn,
      isFinalInvokeForWindow: isFinal,
      isWindowTerminatedEarly: isFinal && isEarly,
    }),
    keep(payload) {
      const state = stateIn(payload)
      isEarly = Buffer.byteLength(JSON.stringify(state)) > maxStateBytes
      if (open !== undefined && !isEarly) open = { ...open, state }
      return !isEarly
    },
    leave() {
      open = undefined
      isEarly = false
    },
  }
}

function stateIn(payload: Uint8Array): unknown {
  try {
    const answer = JSON.parse(Buffer.from(payload).toString()) as { state?: unknown } | null
    return answer?.state ?? {}
  } catch {
    return {}
  }
}
