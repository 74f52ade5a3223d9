import { Agent, request, type IncomingHttpHeaders } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Sends one request over kept-alive connections; the same code asks the server and the bare echo. */
export type Client = (
  method: string,
  path: string,
  body?: string | Buffer,
  headers?: Record<string, string>,
) => Promise<Answer>

/** A client of one origin with at most `connections` connections. */
export function openClient(origin: string, connections: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port } = new URL(origin)
  return (method, path, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const options = { agent, hostname, port, method, path, headers: { ...length, ...headers }, timeout: 120_000 }
      const sent = request(options, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
        })
      })
      sent.on('timeout', () => sent.destroy(new Error(`No answer within 120 s: ${method} ${origin}${path}`)))
      sent.on('error', reject)
      sent.end(body)
    })
}

/** Runs a numbered step `count` times, `width` of them at once. */
export async function inParallel(
  count: number,
  width: number,
  step: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await step(next++)
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker))
}
