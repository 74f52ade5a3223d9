import { connect, type Socket } from 'node:net'
import type { Destination } from '../runtime-api/extensions/subscription-request.ts'

/** Delivers records to one subscriber. */
export interface Sender {
  /** Sends JSON records in one batch; rejects when they were not, or may not have been, delivered. */
  send(records: readonly string[]): Promise<void>
  close(): void
}

/** Deadline for a subscriber to acknowledge a batch. */
const answerMs = 2_000
const address = '127.0.0.1'

export function createSender(destination: Destination): Sender {
  return destination.protocol === 'HTTP' ? httpSender(destination) : tcpSender(destination)
}

/** A POST on a connection of its own: `node:http` is more than this needs. */
function httpSender({ port, path }: Destination): Sender {
  let sequence = 0
  let current: Socket | undefined
  return {
    send(records) {
      const body = Buffer.from(`[${records.join(',')}]`)
      const head =
        `POST ${path} HTTP/1.1\r\nHost: sandbox.localdomain:${String(port)}\r\nContent-Type: application/json\r\n` +
        `Sequence-Id: ${String(++sequence)}\r\nContent-Length: ${String(body.length)}\r\nConnection: close\r\n\r\n`
      const socket = connect(port, address)
      current = socket
      return exchange(socket, Buffer.concat([Buffer.from(head), body]))
    },
    close: () => current?.destroy(),
  }
}

/** Sends a request and reads the status of its answer. */
function exchange(socket: Socket, request: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    socket.setTimeout(answerMs, () => socket.destroy(new Error('No answer came in time')))
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1')
      if (said.length < 12) return
      const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(said)?.[1] ?? 599)
      if (status < 400) resolve()
      else reject(new Error(`The subscriber answered ${String(status)}`))
      socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('The connection was closed')))
    socket.write(request)
  })
}

/** Sends lines over one connection, which is reopened when the subscriber closes it. */
function tcpSender({ port }: Destination): Sender {
  let current: Socket | undefined
  const open = (): Socket => {
    if (current?.writable === true) return current
    const socket = connect(port, address)
    socket.on('error', () => undefined)
    socket.resume()
    return (current = socket)
  }
  return {
    send: (records) => {
      const socket = open()
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => socket.destroy(), answerMs)
        const fail = (): void => reject(new Error('The connection was closed'))
        socket.once('close', fail)
        socket.write(`${records.join('\n')}\n`, (error) => {
          clearTimeout(timer)
          socket.removeListener('close', fail)
          if (error) reject(error)
          else resolve()
        })
      })
    },
    close: () => current?.destroy(),
  }
}
