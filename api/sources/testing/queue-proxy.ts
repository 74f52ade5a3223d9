import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'

/** A proxy for moto's queues that receives as SQS does. */
export interface QueueProxy {
  readonly address: string
  close(): void
}

/**
 * Received messages are hidden no longer than given, so that a test does not wait as long as with SQS for the messages of a
 * killed server. Moto continues a long poll whose client has died and delivers messages to it, as SQS does; here long polls are
 * made of short ones, and end with their client. Moto's concurrent polls ignore each other's groups, which SQS's do not.
 */
export async function startQueueProxy(target: string, maxHiddenSeconds: number): Promise<QueueProxy> {
  let last: Promise<unknown> = Promise.resolve()
  /** Sends one request at a time. */
  const ask = (init: RequestInit): Promise<{ readonly status: number; readonly answered: string }> => {
    const asking = last.then(async () => {
      const answer = await fetch(target, init)
      return { status: answer.status, answered: await answer.text() }
    })
    last = asking.catch(() => undefined)
    return asking
  }
  const server = createServer((request, response) => {
    const forward = async () => {
      const body = await text(request)
      const { WaitTimeSeconds = 0, ...input } = JSON.parse(body) as { WaitTimeSeconds?: number }
      const VisibilityTimeout = maxHiddenSeconds
      const endMs = Date.now() + WaitTimeSeconds * 1000
      const isReceive = request.headers['x-amz-target'] === 'AmazonSQS.ReceiveMessage'
      const headers = request.headersDistinct as Record<string, string[]>
      const { host: _host, 'content-length': _length, connection: _connection, ...others } = headers
      const passed = Object.entries(others).map(([name, values]): [string, string] => [name, values.join()])
      for (;;) {
        const asked = isReceive ? JSON.stringify({ ...input, WaitTimeSeconds: 0, VisibilityTimeout }) : body
        const { status, answered } = await ask({ method: 'POST', headers: passed, body: asked })
        const isDone = !isReceive || answered.includes('"MessageId"') || Date.now() >= endMs
        if (isDone) return response.writeHead(status).end(answered)
        await wait(100)
        // Nothing is received for a client that has disconnected.
        if (request.socket.destroyed) return undefined
      }
    }
    forward().catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { address: `http://127.0.0.1:${port}`, close }
}
