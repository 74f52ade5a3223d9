import { existsSync, readFileSync } from 'node:fs'

/** Helpers for each test extension: call the API, and write to the log. */
const prelude = `#!${process.execPath}
const http = require('node:http'), fs = require('node:fs'), name = require('node:path').basename(process.argv[1])
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const agent = new http.Agent({ keepAlive: true })
let id
const say = (...words) => fs.writeSync(1, name + ': ' + words.map((w) => typeof w === 'string' ? w : JSON.stringify(w)).join(' ') + '\\n')
const ask = (method, path, headers = {}, body = '') => new Promise((resolve, reject) => {
  const request = http.request({ host, port, method, path, agent, headers: { ...(id ? { 'Lambda-Extension-Identifier': id } : {}), ...headers } }, (answer) => {
    let text = ''
    answer.on('data', (chunk) => text += chunk)
    answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text, json: () => JSON.parse(text) }))
  })
  request.on('error', reject)
  request.end(typeof body === 'string' ? body : JSON.stringify(body))
})
const extension = '/2020-01-01/extension/'
async function register(events, headers = {}) {
  const answer = await ask('POST', extension + 'register', { 'Lambda-Extension-Name': name, ...headers }, { events })
  id = answer.headers['lambda-extension-identifier']
  return answer
}
const next = () => ask('GET', extension + 'event/next')
const until = async (condition) => { while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5)) }
const recordsFile = require('node:path').resolve(process.argv[1], '../../../records-' + name)
const keep = (records) => fs.appendFileSync(recordsFile, records.map((record) => JSON.stringify(record) + '\\n').join(''))
const listenHttp = (answer = 200) => new Promise((resolve) => {
  const server = http.createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => text += chunk).on('end', () => { keep(JSON.parse(text)); response.writeHead(answer).end() })
  }).listen(0, () => resolve(server.address().port))
})
const listenTcp = (slowMs = 0) => new Promise((resolve) => {
  const server = require('node:net').createServer((socket) => {
    let text = ''
    socket.on('data', (chunk) => { const lines = (text + chunk).split('\\n'); text = lines.pop(); setTimeout(keep, slowMs, lines.map((line) => JSON.parse(line))) })
  }).listen(0, () => resolve(server.address().port))
})
const subscribe = (request) => ask('PUT', '/2022-07-01/telemetry', {}, { schemaVersion: '2022-12-13', ...request })
const toHttp = (port) => ({ protocol: 'HTTP', URI: 'http://sandbox.localdomain:' + port + '/records' })
const fail = (kind, type) => ask('POST', extension + kind + '/error', { 'Lambda-Extension-Function-Error-Type': type })
`

/** An executable extension in Node.js; \`code\` runs in an async function beside \`register\`, \`next\`, \`say\`. */
export function extension(code: string): string {
  return `${prelude};(async () => {\n${code}\n})()`
}

/** An extension that registers for these events, logs each one, and exits at SHUTDOWN. */
export function listener(...events: readonly string[]): string {
  return extension(`await register(${JSON.stringify(events)})
  for (;;) {
    const event = (await next()).json()
    say(event)
    if (event.eventType === 'SHUTDOWN') process.exit(0)
  }`)
}

/** Does what the Lambda Web Adapter does: asks for events itself and forwards them to a plain web server. */
export const webAdapter = extension(`await register([])
  void next()
  const get = (path) => new Promise((resolve, reject) => http.get({ socketPath: require('node:os').tmpdir() + '/web', path }, (answer) => {
    let text = ''; answer.on('data', (chunk) => text += chunk).on('end', () => resolve(text))
  }).on('error', reject))
  for (let isUp = false; !isUp;) isUp = await get('/').then(() => true, () => new Promise((r) => setTimeout(r, 5, false)))
  const invocation = '/2018-06-01/runtime/invocation/'
  for (;;) {
    const event = await ask('GET', invocation + 'next')
    const text = await get(event.json().path)
    await ask('POST', invocation + event.headers['lambda-runtime-aws-request-id'] + '/response', {}, { statusCode: 200, body: text })
  }`)
/** A plain web server as a function's bootstrap. */
export const webServer = `#!${process.execPath}
require('node:http').createServer((request, answer) => answer.end('page ' + request.url)).listen(require('node:os').tmpdir() + '/web')
process.on('SIGTERM', () => { console.log('the web server ends'); process.exit(0) })`

/** The lines that an extension logged, without its name. */
export function saidBy(name: string, log: string): string[] {
  const lines = log.split('\n').filter((line) => line.startsWith(`${name}: `))
  return lines.map((line) => line.slice(name.length + 2))
}

/** The records that a subscriber has received so far. */
export function recordsOf(name: string, folder: string): TelemetryRecord[] {
  const file = `${folder}/records-${name}`
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as TelemetryRecord)
}

export interface TelemetryRecord {
  readonly time: string
  readonly type: string
  readonly record: Record<string, unknown>
}

/** The process id that an extension logged. */
export const pidIn = (log: string, name: string) => Number(/pid (\d+)/.exec(saidBy(name, log).join('\n'))?.[1])

/** Extensions by name, as files of the function's layer. */
export function filesOf(extensions: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(extensions).map(([name, text]) => [`layer/extensions/${name}`, text]))
}
