import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

/** A socket on which functions report to the bench: each keeps one connection open and may send one byte per event. */
export interface Rendezvous {
  readonly port: number
  /** Connections made so far. */
  connections(): number
  bytes(): number
  /** Waits for a condition on the two counts; false when the deadline passed first. */
  until(condition: () => boolean, deadlineMs: number): Promise<boolean>
  /** Sends one byte to every function that waits for it, and to those that connect later. */
  release(): void
  close(): void
}

/** Listens on a free port of the loopback address. */
export async function openRendezvous(): Promise<Rendezvous> {
  const sockets: Socket[] = []
  const state = { bytes: 0, isReleased: false, changed: (): void => undefined }
  const listener = createServer((socket) => {
    sockets.push(socket.unref())
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      state.bytes += chunk.length
      state.changed()
    })
    if (state.isReleased) socket.write('!')
    state.changed()
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    connections: () => sockets.length,
    bytes: () => state.bytes,
    until: async (condition, deadlineMs) => {
      const expired = AbortSignal.timeout(deadlineMs)
      while (!condition() && !expired.aborted) {
        await new Promise<void>((resolve) => {
          state.changed = resolve
          expired.onabort = () => resolve()
        })
      }
      return condition()
    },
    release: () => {
      state.isReleased = true
      for (const socket of sockets) socket.write('!')
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      listener.close()
    },
  }
}
