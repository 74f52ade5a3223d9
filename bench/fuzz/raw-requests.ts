import { createConnection } from 'node:net'
import { hostileText, type Random } from './random.ts'

const paths = [
  '/',
  '/health',
  '/2015-03-31/functions',
  '/2015-03-31/functions/fuzz-0',
  '/2015-03-31/functions/fuzz-0/invocations',
  '/2021-11-15/functions/fuzz-0/response-streaming-invocations',
  '/2018-10-31/layers',
  '/_kubelambda/url/abc/',
  '/_kubelambda/events/fuzz-0',
  '/_kubelambda/code/x',
]
const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'CONNECT', 'QUERY', 'get', 'X Y']
const headerNames = [
  'Authorization',
  'Content-Length',
  'Content-Type',
  'Content-Encoding',
  'Expect',
  'Host',
  'Origin',
  'Sec-Fetch-Site',
  'Transfer-Encoding',
  'Upgrade',
  'X-Amz-Client-Context',
  'X-Amz-Date',
  'X-Amz-Invocation-Type',
  'X-Amz-Log-Type',
  'X-Amz-Target',
  'X-Amzn-Trace-Id',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  '__proto__',
]
const headerValues = [
  'chunked',
  '0',
  '-1',
  '99999999999',
  '100-continue',
  'gzip',
  'Event',
  'DryRun',
  'Tail',
  'application/json',
  'websocket',
  'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0',
  'AWS4-HMAC-SHA256 Credential=' + '/'.repeat(4000),
  'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1',
]

/** The bytes of one HTTP request, most of them not quite HTTP. */
export function rawRequest(random: Random): Buffer {
  const path = random.chance(0.7) ? random.pick(paths) : `/${hostileText(random)}`
  const lines = [`${random.pick(methods)} ${path} HTTP/1.${random.chance(0.95) ? 1 : 0}`]
  if (random.chance(0.95)) lines.push('Host: 127.0.0.1')
  for (let count = random.below(5); count > 0; count--) {
    const value = random.chance(0.7) ? random.pick(headerValues) : hostileText(random)
    lines.push(`${random.pick(headerNames)}: ${value}`)
  }
  const body = random.chance(0.3) ? '[' + '{"a":'.repeat(random.below(3000)) : hostileText(random)
  if (random.chance(0.5)) lines.push(`Content-Length: ${body.length}`)
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1')
  for (let flips = random.chance(0.2) ? random.below(5) : 0; flips > 0; flips--) {
    bytes[random.below(bytes.length)] = random.below(256)
  }
  return random.chance(0.1) ? bytes.subarray(0, random.below(bytes.length)) : bytes
}

/** Sends bytes on a connection of their own and returns the statuses of what came back; silence ends after `quietMs`. */
export function sendBytes(port: number, bytes: Buffer, quietMs = 150): Promise<readonly number[]> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => socket.end(bytes))
    let received = ''
    socket.on('data', (chunk) => {
      if (received.length < 100_000) received += chunk.toString('latin1')
    })
    socket.on('error', () => undefined)
    socket.setTimeout(quietMs, () => socket.destroy())
    socket.on('close', () =>
      resolve(Array.from(received.matchAll(/^HTTP\/1\.1 (\d{3})/gm), ([, code]) => Number(code))),
    )
  })
}
