import type { Source } from '../measuring/functions.ts'

/**
 * A function that sends random requests to the APIs of its own environment (Runtime, Extensions, Telemetry and Logs), as a hostile
 * package would. Its event is `{seed, count}`; it returns the number of responses per status.
 */
export const hostileFunction: Source = {
  runtime: 'nodejs24.x',
  file: 'index.js',
  code: `
const net = require('node:net')
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
let state = 1
const below = (limit) => {
  state ^= state << 13; state ^= state >>> 17; state ^= state << 5
  return (state >>> 0) % limit
}
const pick = (items) => items[below(items.length)]
const texts = ['', '__proto__', 'constructor', '..', '%00', '%', 'a'.repeat(9000), '\\u00ff', '{', '[]', 'null', '"', '{"__proto__":1}', '-1', 'next']
const text = () => pick(texts)
const paths = () => [
  '/2018-06-01/runtime/invocation/' + text() + '/response',
  '/2018-06-01/runtime/invocation/' + text() + '/error',
  '/2018-06-01/runtime/invocation/next' + text(),
  '/2018-06-01/runtime/' + text(),
  '/2018-06-01/runtime/restore/' + text(),
  '/2018-06-01/ping',
  '/2020-01-01/extension/register',
  '/2020-01-01/extension/event/next',
  '/2020-01-01/extension/' + text() + '/error',
  '/2020-08-15/logs',
  '/2022-07-01/telemetry',
  '/' + text(),
]
const headers = ['Lambda-Extension-Name', 'Lambda-Extension-Identifier', 'Lambda-Extension-Function-Error-Type', 'Lambda-Runtime-Function-Error-Type',
  'Lambda-Runtime-Function-Response-Mode', 'Lambda-Runtime-Function-XRay-Error-Cause', 'Content-Type', 'Transfer-Encoding', 'Trailer', 'Expect', '__proto__', 'Connection']
const values = ['streaming', 'chunked', '100-continue', 'application/json', 'x', '', '00000000-0000-0000-0000-000000000000', 'close']
const bodies = ['{"events":["INVOKE","SHUTDOWN"]}', '{"events":{}}', '{"schemaVersion":"2022-07-01","types":["platform"],"destination":{"protocol":"HTTP","URI":"http://127.0.0.1:1"}}',
  '{"destination":null}', '{"types":["__proto__"],"buffering":{"maxItems":-1,"maxBytes":1e99,"timeoutMs":"x"}}', '{"errorMessage":{},"stackTrace":1}', '[' .repeat(5000), '{', '']
const request = () => {
  const body = below(3) === 0 ? text() : pick(bodies)
  const lines = [pick(['GET', 'POST', 'PUT', 'DELETE', '__proto__', 'OPTIONS', '']) + ' ' + pick(paths()) + ' HTTP/1.1', 'Host: x']
  for (let count = below(4); count > 0; count--) lines.push(pick(headers) + ': ' + (below(2) ? pick(values) : text()))
  if (below(4)) lines.push('Content-Length: ' + (below(10) ? Buffer.byteLength(body, 'latin1') : below(100000)))
  const bytes = Buffer.from(lines.join('\\r\\n') + '\\r\\n\\r\\n' + body, 'latin1')
  if (below(8) === 0) for (let flips = below(6); flips > 0; flips--) bytes[below(bytes.length)] = below(256)
  return bytes
}
const send = (bytes) => new Promise((resolve) => {
  const socket = net.createConnection({ host, port: Number(port) }, () => socket.end(bytes))
  let received = ''
  socket.on('data', (chunk) => { received += chunk.toString('latin1') })
  socket.on('error', () => undefined)
  socket.setTimeout(50, () => socket.destroy())
  socket.on('close', () => resolve(/^HTTP\\/1\\.1 (\\d{3})/.exec(received)?.[1] ?? 'none'))
})
exports.handler = async ({ seed = 0, count = 0 }) => {
  state = seed | 1
  const statuses = {}
  for (let done = 0; done < count; done += 10) {
    const batch = await Promise.all(Array.from({ length: Math.min(10, count - done) }, () => send(request())))
    for (const status of batch) statuses[status] = (statuses[status] ?? 0) + 1
  }
  return statuses
}
`,
}
