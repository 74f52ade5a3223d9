import { createLog, type Log } from '../logs/log.ts'
import { encodeFrame } from '../protocol/protocol.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'

/** The connection to the server. */
export interface Outlet {
  /** `isDroppable` frames may be dropped when the server is too slow. */
  write(bytes: Buffer, isDroppable: boolean): void
}

/** Frames for the server, in order and in as few writes as possible, since each write wakes the server. */
export interface Outbox {
  readonly log: Log
  /** Tells the operator of the server something, at once. */
  warn(text: string): void
  /** Adds output of the function's processes. */
  output(chunk: Buffer): void
  /** Set while extensions may subscribe or have subscribed. */
  telemetry: Telemetry | undefined
  /** Holds a frame until the next `release` or `flush`. */
  hold(frame: Buffer): void
  /** Sends the held frames in one write. */
  release(): void
  /** Sends the held frames, then the whole log, then the frame. */
  flush(frame?: Buffer): void
  /** Calls back once everything that the function's processes have written so far is in the log. */
  drain(callback: () => void): void
}

const maxTurns = 1_000

export function createOutbox(outlet: Outlet): Outbox {
  const log = createLog((text) => outlet.write(encodeFrame({ type: 'log' }, text), true))
  let held: Buffer[] = []

  function release(): void {
    const [first, ...others] = held
    if (first === undefined) return
    held = []
    outlet.write(others.length === 0 ? first : Buffer.concat([first, ...others]), false)
  }

  // The pipe is read within one turn of the event loop, so a whole turn without output means that it is empty.
  // The number of turns is bounded, since a process may write without end.
  function drain(callback: () => void, turns = maxTurns): void {
    const before = log.outputBytes
    setImmediate(() => {
      setImmediate(() => {
        if (log.outputBytes === before || turns === 0) return callback()
        release()
        drain(callback, turns - 1)
      })
    })
  }

  const outbox: Outbox = {
    log,
    telemetry: undefined,
    warn: (text) => outlet.write(encodeFrame({ type: 'warning', text }), true),
    output(chunk) {
      log.output(chunk)
      outbox.telemetry?.output('function', chunk)
    },
    hold: (frame) => held.push(frame),
    release,
    flush: (frame) => {
      const text = log.take(true)
      if (text !== undefined) held.push(encodeFrame({ type: 'log' }, text))
      if (frame !== undefined) held.push(frame)
      release()
    },
    drain: (callback) => drain(callback),
  }
  return outbox
}
