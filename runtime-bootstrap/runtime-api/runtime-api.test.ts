import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Extensions } from '../extensions/extensions.ts'
import { createOutbox } from '../channel/outbox.ts'
import { serveRuntimeApi, type RuntimeApi } from './runtime-api.ts'
import type { ApiReply } from './http/http-connection.ts'
import { sendEvent } from './next.ts'
import type { RuntimeResponse, RuntimeState } from './runtime-events.ts'

const invocation = '/2018-06-01/runtime/invocation'
const limit = 6 * 1024 * 1024 + 100

let state: RuntimeState
let answers: RuntimeResponse[]
let initErrors: RuntimeResponse[]
let waiting: ApiReply[]
let api: RuntimeApi
const sockets: Socket[] = []

beforeEach(() => {
  state = 'Running'
  answers = []
  initErrors = []
  waiting = []
  api = serveRuntimeApi(
    { admit: () => true },
    {
      state: () => state,
      currentId: () => (state === 'Running' ? 'id-1' : undefined),
      onNext: (reply) => waiting.push(reply),
      onResponse: (answer) => {
        answers.push(answer)
        state = 'RuntimeResponseSentState'
      },
      onStream: () => undefined,
      onInitError: (answer) => initErrors.push(answer),
      extensions: new Extensions({
        outbox: createOutbox({ write: () => undefined }),
        pipeCommand: undefined,
        standby: undefined,
        ownsPidNamespace: false,
        onAsked: () => undefined,
        onSubscribed: () => undefined,
        onFault: () => undefined,
      }),
    },
  )
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  api.close()
})

async function open(): Promise<Socket> {
  const [host, port] = (await api.address).split(':')
  const socket = connect(Number(port), host)
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

/** Sends bytes as they are and reads until the answers are as many as asked for. */
async function exchange(bytes: string | Buffer, count = 1): Promise<string[]> {
  const socket = await open()
  socket.write(bytes)
  let text = ''
  for await (const chunk of socket) {
    text += (chunk as Buffer).toString()
    const found = cut(text)
    if (found.length >= count) return found
  }
  return cut(text)
}

function cut(text: string): string[] {
  const found: string[] = []
  for (let rest = text; ;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return found
    const length = Number(/content-length: (\d+)/i.exec(rest.slice(0, end))?.[1] ?? 0)
    if (rest.length < end + 4 + length) return found
    found.push(rest.slice(0, end + 4 + length))
    rest = rest.slice(end + 4 + length)
  }
}

function request(method: string, path: string, body = '', headers = ''): string {
  const length = method === 'GET' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`
  return `${method} ${path} HTTP/1.1\r\nHost: x\r\n${headers}${length}\r\n${body}`
}

const statusOf = (answer = '') => Number(answer.split(' ')[1])
const bodyOf = (answer = '') => answer.slice(answer.indexOf('\r\n\r\n') + 4)
async function ask(method: string, path: string, body = '', headers = '') {
  const [answer] = await exchange(request(method, path, body, headers))
  return { status: statusOf(answer), body: bodyOf(answer), head: answer ?? '' }
}

describe('answers', () => {
  test('ping with pong', async () => {
    expect(await ask('GET', '/2018-06-01/ping')).toMatchObject({ status: 200, body: 'pong' })
  })

  test('a response is accepted and forwarded byte for byte', async () => {
    const answer = await ask('POST', `${invocation}/id-1/response`, '"é"', 'Content-Type: text/x\r\n')
    expect(answer).toMatchObject({ status: 202, body: '{"status":"OK"}\n' })
    expect(answer.head).toContain('Content-Type: application/json\r\n')
    expect(answers).toEqual([{ body: Buffer.from('"é"'), contentType: 'text/x' }])
  })

  test('the content type of a response without one is JSON', async () => {
    await ask('POST', `${invocation}/id-1/response`, '1')
    expect(answers[0]?.contentType).toBe('application/json')
  })

  test.each([
    ['Runtime.Known', 'Runtime.Known'],
    ['wrapped Function.Oops here', 'wrapped Function.Oops here'],
    ['Function.lower', 'Function.Unknown'],
    ['unhandled', 'Runtime.Unknown'],
  ])('the error type %s counts as %s', async (header, errorType) => {
    await ask('POST', `${invocation}/id-1/error`, 'any', `Lambda-Runtime-Function-Error-Type: ${header}\r\n`)
    expect(answers).toEqual([{ body: Buffer.from('any'), contentType: 'application/json', errorType }])
  })

  test('the cause is removed from an error that has one', async () => {
    const body = '{"errorMessage":"m","errorType":"t","errorCause":{"paths":[]}}'
    await ask('POST', `${invocation}/id-1/error`, body, 'Content-Type: application/vnd.aws.lambda.error.cause+json\r\n')
    expect(String(answers[0]?.body)).toBe('{"errorMessage":"m","errorType":"t"}')
    expect(answers[0]?.contentType).toBe('application/json')
  })

  test('an init error is accepted while the runtime starts', async () => {
    state = 'Started'
    expect(await ask('POST', '/2018-06-01/runtime/init/error', '{}')).toMatchObject({ status: 202 })
    await ask('POST', '/2018-06-01/runtime/init/error', 'oops')
    expect(initErrors.map(({ contentType }) => contentType)).toEqual(['application/json', 'application/octet-stream'])
  })
})

describe('next', () => {
  test('returns the event with those headers that have a value', async () => {
    const asked = exchange(request('GET', `${invocation}/next`))
    state = 'Ready'
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const clientContext = '{\n"custom":"é"}'
    const invoke = { type: 'invoke', requestId: 'id-1', functionArn: 'arn:f', tail: false, clientContext } as const
    sendEvent(waiting[0]!, invoke, 123, Buffer.from('{"a":1}'))
    const [answer] = await asked
    expect(answer).toBe(
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: id-1\r\n' +
        'Lambda-Runtime-Deadline-Ms: 123\r\nLambda-Runtime-Invoked-Function-Arn: arn:f\r\n' +
        'Lambda-Runtime-Client-Context: { "custom":"é"}\r\nContent-Length: 7\r\n\r\n{"a":1}',
    )
  })

  test('is rejected while an event waits for its response', async () => {
    expect(await ask('GET', `${invocation}/next`)).toMatchObject({
      status: 403,
      body: '{"errorMessage":"State transition from Running to Ready failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}\n',
    })
  })

  test('of a disconnected client is dropped', async () => {
    state = 'Ready'
    const socket = await open()
    socket.write(request('GET', `${invocation}/next`))
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(waiting[0]?.isOpen()).toBe(true)
    socket.destroy()
    while (waiting[0]?.isOpen()) await new Promise((resolve) => setImmediate(resolve))
  })
})

describe('refusals', () => {
  const invalidId = '{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}\n'

  test('an id other than the current one is 400, also of a completed invocation', async () => {
    expect(await ask('POST', `${invocation}/other/response`)).toMatchObject({ status: 400, body: invalidId })
    await ask('POST', `${invocation}/id-1/response`)
    expect(await ask('POST', `${invocation}/id-1/error`)).toMatchObject({ status: 400, body: invalidId })
  })

  test('an init error after the start is 403', async () => {
    const { status, body } = await ask('POST', '/2018-06-01/runtime/init/error')
    expect([status, JSON.parse(body).errorMessage]).toEqual([
      403,
      'State transition from Running to InitError failed for runtime. Error: State transition is not allowed',
    ])
  })

  test('a response over the limit is 413, and the function fails with its size', async () => {
    const { status, body } = await ask('POST', `${invocation}/id-1/response`, 'x'.repeat(limit + 1))
    expect(status).toBe(413)
    expect(JSON.parse(body)).toEqual({
      errorMessage: 'Exceeded maximum allowed payload size (6291556 bytes).',
      errorType: 'RequestEntityTooLarge',
    })
    expect(answers[0]?.errorType).toBe('Function.ResponseSizeTooLarge')
  })

  test('a response mode other than streaming is 400, and the function fails with it', async () => {
    const header = 'Lambda-Runtime-Function-Response-Mode: buffered\r\n'
    expect(await ask('POST', `${invocation}/id-1/response`, '', header)).toMatchObject({
      status: 400,
      body: '{"errorMessage":"Invalid function response mode","errorType":"InvalidFunctionResponseMode"}\n',
    })
    expect(answers[0]?.errorType).toBe('Runtime.InvalidResponseModeHeader')
  })

  test.each([
    ['GET', '/2018-06-01/runtime/restore/next', 404],
    ['POST', '/2020-01-01/extension/register', 403],
    ['GET', '/2020-01-01/extension/event/next', 403],
    ['PUT', '/2020-08-15/logs', 403],
    ['PUT', '/2022-07-01/telemetry', 403],
    ['GET', '/elsewhere', 404],
    ['GET', 'constructor', 404],
    ['GET', '__proto__', 404],
    ['__proto__', '/2018-06-01/ping', 405],
    ['constructor', '/2018-06-01/ping', 405],
    ['toString', `${invocation}/id-1/response`, 405],
    ['valueOf', '/2022-07-01/telemetry', 405],
    ['GET', '/2018-06-01/runtime/invocation//response', 404],
    ['POST', '/2018-06-01/ping', 405],
    ['GET', `${invocation}/id-1/response`, 405],
  ])('%s %s is %i', async (method, path, status) => {
    expect(await ask(method, path)).toMatchObject({ status })
  })

  test.each(['nonsense\r\n\r\n', 'GET /x\r\n\r\n', 'POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n'])(
    'a request that is none is 400: %j',
    async (bytes) => {
      expect(statusOf((await exchange(bytes))[0])).toBe(400)
    },
  )

  test('an endless head is 431', async () => {
    expect(statusOf((await exchange(`GET / HTTP/1.1\r\nX: ${'x'.repeat(1_600_000)}`))[0])).toBe(431)
  })
})

describe('framing', () => {
  const chunkedHead = `POST ${invocation}/id-1/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n`
  const streaming = 'Lambda-Runtime-Function-Response-Mode: streaming\r\n'

  test('a chunked body is reassembled, in whatever pieces it arrives', async () => {
    const bytes = `${chunkedHead}\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`
    const socket = await open()
    for (const byte of Buffer.from(bytes)) {
      socket.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(String(answers[0]?.body)).toBe('hello world')
  })

  test('announced trailers that are missing are no error, as with the Go client', async () => {
    const trailer = 'Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n'
    const [answer] = await exchange(`${chunkedHead}${trailer}\r\n2\r\n{}\r\n0\r\n\r\n`)
    expect(statusOf(answer)).toBe(202)
    expect(answers[0]).toEqual({ body: Buffer.from('{}'), contentType: 'application/json' })
  })

  test('an error in the trailers replaces the stream', async () => {
    const error = '{"errorType":"E","errorMessage":"m"}'
    const trailers = `Lambda-Runtime-Function-Error-Type: Runtime.StreamError\r\nLambda-Runtime-Function-Error-Body: ${Buffer.from(error).toString('base64')}\r\n`
    await exchange(`${chunkedHead}${streaming}\r\n4\r\nhalf\r\n0\r\n${trailers}\r\n`)
    expect(answers).toEqual([
      { body: Buffer.from(error), contentType: 'application/json', errorType: 'Runtime.StreamError' },
    ])
  })

  test('an aborted stream is 400, and the function fails with it', async () => {
    const socket = await open()
    socket.end(`${chunkedHead}${streaming}\r\n4\r\nhalf\r\n`)
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    expect(statusOf(chunk.toString())).toBe(400)
    expect(bodyOf(chunk.toString())).toContain('"TruncatedHTTPRequest"')
    expect(answers[0]?.errorType).toBe('Runtime.TruncatedResponse')
  })

  test('an aborted response without streaming may be sent again', async () => {
    const socket = await open()
    socket.end(`POST ${invocation}/id-1/response HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf`)
    await once(socket, 'data')
    expect(answers).toEqual([])
    expect(await ask('POST', `${invocation}/id-1/response`, 'whole')).toMatchObject({ status: 202 })
  })

  test('a chunked body over the limit is 413 and the connection stays open', async () => {
    const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`
    const [first, second] = await exchange(
      `${chunkedHead}\r\n${chunk.repeat(7)}0\r\n\r\n${request('GET', '/2018-06-01/ping')}`,
      2,
    )
    expect([statusOf(first), statusOf(second)]).toEqual([413, 200])
  })

  test('pipelined requests on one connection get responses in order', async () => {
    const pings = request('GET', '/2018-06-01/ping').repeat(3)
    const found = await exchange(`${request('POST', `${invocation}/id-1/response`, '1')}${pings}`, 4)
    expect(found.map(statusOf)).toEqual([202, 200, 200, 200])
  })

  test('a client that expects 100 Continue gets it', async () => {
    const socket = await open()
    socket.write(`POST ${invocation}/id-1/response HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`)
    const [leave] = (await once(socket, 'data')) as [Buffer]
    expect(leave.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write('{}')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(statusOf(answer.toString())).toBe(202)
  })

  test.each(['HTTP/1.0\r\n', 'HTTP/1.1\r\nConnection: close\r\n'])('%j ends the connection', async (version) => {
    const socket = await open()
    const ended = once(socket, 'end')
    socket.write(`GET /2018-06-01/ping ${version}\r\n`)
    socket.resume()
    await ended
  })
})

describe('limits', () => {
  const head = `POST ${invocation}/id-1/response HTTP/1.1\r\nContent-Length: 6000000\r\n\r\n`
  const pong = async () => {
    while ((await ask('GET', '/2018-06-01/ping')).status !== 200) await new Promise((resolve) => setImmediate(resolve))
  }

  test('what unfinished requests hold together is bounded: the one beyond it gets 503, and others go on', async () => {
    const most = Buffer.alloc(5_900_000, 'x')
    const unfinished = await Promise.all(Array.from({ length: 6 }, () => open()))
    // Any of them may be the one whose bytes are read last.
    const refused = Promise.race(unfinished.map((socket) => once(socket, 'data') as Promise<[Buffer]>))
    for (const socket of unfinished) {
      socket.on('error', () => undefined)
      socket.write(head)
      socket.write(most)
    }
    expect(statusOf((await refused)[0].toString())).toBe(503)
    // What is not whole takes no room any more once its connection has ended.
    for (const socket of unfinished) socket.destroy()
    await pong()
    const whole = exchange(Buffer.concat([Buffer.from(head), Buffer.alloc(6_000_000, 'y')]))
    expect(statusOf((await whole)[0])).toBe(202)
  })

  test('heads count as well', async () => {
    const open200 = await Promise.all(Array.from({ length: 30 }, () => open()))
    let refusals = 0
    for (const socket of open200) {
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        expect(statusOf(chunk.toString())).toBe(503)
        refusals++
      })
      socket.write(`GET / HTTP/1.1\r\nX: ${'x'.repeat(1_400_000)}`)
    }
    while (refusals === 0) await new Promise((resolve) => setImmediate(resolve))
    await pong()
  })

  test('connections beyond the limit get 503 until others end', async () => {
    const many = await Promise.all(Array.from({ length: 256 }, () => open()))
    expect((await ask('GET', '/2018-06-01/ping')).status).toBe(503)
    many[0]!.destroy()
    await pong()
  })

  test('bytes behind a waiting request are not read without end, and are answered once it is', async () => {
    state = 'Ready'
    const socket = await open()
    socket.on('error', () => undefined)
    const pings = request('GET', '/2018-06-01/ping')
    socket.write(request('GET', `${invocation}/next`))
    const bytes = Buffer.from(pings.repeat(Math.ceil((48 * 1024 * 1024) / pings.length)))
    let isWritten = false
    socket.write(bytes, () => (isWritten = true))
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await pong()
    expect(isWritten).toBe(false)
    waiting[0]!.send('200 OK\r\n', Buffer.from('event'))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(statusOf(answer.toString())).toBe(200)
  })

  test('a body in tiny pieces arrives whole', async () => {
    const pieces = '1\r\nx\r\n'.repeat(300_000)
    const bytes = `POST ${invocation}/id-1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${pieces}0\r\n\r\n`
    expect(statusOf((await exchange(bytes))[0])).toBe(202)
    expect(Buffer.from(answers[0]!.body).equals(Buffer.alloc(300_000, 'x'))).toBe(true)
  })
})
