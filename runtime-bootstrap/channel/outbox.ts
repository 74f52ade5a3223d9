import { createLog, type Log } from '../logs/log.ts'
import { encodeFrame } from '../protocol/protocol.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'

/** The way to the server. */
export interface Outlet {
  /** `isDroppable` frames may be thrown away when the server does not keep up. */
  write(bytes: Buffer, isDroppable: boolean): void
}

/** What goes to the server, in order and in as few writes as can be: each one wakes the server. */
export interface Outbox {
  readonly log: Log
  /** What the function's processes wrote. */
  output(chunk: Buffer): void
  /** Set while extensions may want to know what happens. */
  telemetry: Telemetry | undefined
  /** Keeps a frame until the next `release` or `flush`. */
  hold(frame: Buffer): void
  /** Sends what is held, in one piece. */
  release(): void
  /** Sends what is held, the whole log behind it, and then the frame. */
  flush(frame?: Buffer): void
  /** Goes on when all that the function's processes wrote until now is in the log. */
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

  // What was in the pipe is read within one turn of the event loop, so a whole turn that brings nothing means that
  // nothing was left. Who writes without end is not waited for.
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
