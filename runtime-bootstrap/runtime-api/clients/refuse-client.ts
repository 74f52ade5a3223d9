import type { Socket } from 'node:net'
import type { ForeignClient } from './client-check.ts'

/** The answer to a client that is not of the environment. */
export const notOfEnvironment = refusal(
  '403 Forbidden',
  'The Runtime API answers only the processes of its own environment.',
)
/** The answer to a function that opens connections without end. */
export const tooManyConnections = refusal('503 Service Unavailable', 'The environment has too many connections.')

function refusal(status: string, text: string): string {
  return (
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n` +
    `Content-Length: ${String(text.length + 1)}\r\n\r\n${text}\n`
  )
}

/** A client that sends nothing is not waited for longer, and no more of them than this at a time. */
const [requestMs, maxWaiting] = [1_000, 32]
/** Refusals are reported at most this often. */
const reportMs = 60_000

const waiting = new Set<Socket>()

/** Answers the first bytes of a client, whatever they are, and closes the connection. */
export function refuseClient(socket: Socket, answer: string): void {
  socket.on('error', () => undefined)
  if (waiting.size >= maxWaiting) return void socket.destroy()
  waiting.add(socket)
  socket.on('close', () => waiting.delete(socket))
  socket.setTimeout(requestMs, () => socket.destroy())
  socket.once('data', () => {
    socket.resume()
    socket.end(answer, () => socket.destroySoon())
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
