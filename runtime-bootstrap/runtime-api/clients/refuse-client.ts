import type { Socket } from 'node:net'
import type { ForeignClient } from './client-check.ts'

const body = 'The Runtime API answers only the processes of its own environment.\n'
const refusal =
  'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n' +
  `Content-Length: ${String(body.length)}\r\n\r\n${body}`
/** A client that sends nothing is not waited for longer. */
const requestMs = 1_000
/** Refusals are reported at most this often. */
const reportMs = 60_000

/** Answers the first bytes of a client with 403, whatever they are, and closes the connection. */
export function refuseClient(socket: Socket): void {
  socket.on('error', () => undefined)
  socket.setTimeout(requestMs, () => socket.destroy())
  socket.once('data', () => {
    socket.resume()
    socket.end(refusal, () => socket.destroySoon())
  })
  socket.once('end', () => socket.end())
}

/** Reports refused clients in one line: the first at once, others together, at most once a minute. */
export function createRefusalReport(report: (line: string) => void, now = () => performance.now()) {
  let refused = 0
  let reportedMs = Number.NEGATIVE_INFINITY
  return ({ uid }: ForeignClient): void => {
    refused++
    if (now() - reportedMs < reportMs) return
    const who = uid === undefined ? 'a process that has ended its connection' : `a process of user ${String(uid)}`
    const count = refused === 1 ? 'a connection' : `${String(refused)} connections, the last of them`
    report(
      `The Runtime API refused ${count} from ${who}, which is not of this environment. ` +
        'Another function or user of this machine tries to read its events.',
    )
    reportedMs = now()
    refused = 0
  }
}
