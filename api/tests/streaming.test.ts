import { existsSync, readFileSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, request, type ClientRequest, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  InvokeWithResponseStreamCommand,
  waitUntilFunctionActiveV2,
  type InvokeWithResponseStreamCompleteEvent,
} from '@aws-sdk/client-lambda'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../testing/running-server.ts'

const folder = newDataFolder()
let server: RunningServer
/** An HTTP server that synchronizes functions with the test: it answers a request once the test allows its path. */
let signals: Server
const allowed = new Set<string>()
const seen = new Set<string>()
const waiting = new Map<string, () => void>()

beforeAll(async () => {
  server = await startMain(folder)
  signals = createServer((asked, response) => {
    const path = asked.url ?? ''
    seen.add(path)
    if (allowed.has(path) || path.startsWith('/say')) response.end()
    else waiting.set(path, () => response.end())
    for (const look of [...lookers]) look()
  }).listen(0, '127.0.0.1')
  await once(signals, 'listening')
  await create('streamed', handlerCode((signals.address() as AddressInfo).port))
})

afterAll(async () => {
  signals.closeAllConnections()
  signals.close()
  await server.end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

afterEach(() => {
  allowed.clear()
  seen.clear()
})

const lookers = new Set<() => void>()
/** Waits until a function has requested the path. */
function said(path: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!seen.has(path)) return
      lookers.delete(look)
      resolve()
    }
    lookers.add(look)
    look()
  })
}

function allow(path: string): void {
  allowed.add(path)
  waiting.get(path)?.()
}

const handlerCode = (port: number): string => `
  const ask = (path) => fetch('http://127.0.0.1:${String(port)}' + path)
  const drained = (stream) => new Promise((resolve) => stream.once('drain', resolve))
  const does = {
    async wait(stream) { stream.write('first'); await ask('/wait'); stream.write('second') },
    async much(stream, { pieces }) {
      const piece = Buffer.alloc(65536, 'x')
      for (let count = 0; count < pieces; count++) {
        if (stream.write(piece)) continue
        const held = setTimeout(() => void ask('/say/held'), 500)
        await drained(stream)
        clearTimeout(held)
      }
    },
    async late(stream, order) { await ask('/go'); await does.much(stream, order) },
    async break(stream) { stream.write('first'); await ask('/wait'); throw new Error('broke') },
    async goOn(stream) { stream.write('first'); await ask('/go'); stream.write('second'); stream.end(); await ask('/say/over') },
  }
  exports.handler = awslambda.streamifyResponse(async (event, stream) => {
    const order = event.body === undefined ? event : JSON.parse(event.body)
    stream.setContentType('text/plain')
    if (order.status) stream = awslambda.HttpResponseStream.from(stream, { statusCode: order.status, cookies: ['a=1'] })
    await does[order.do](stream, order)
    stream.end()
  })`

async function create(FunctionName: string, code: string): Promise<void> {
  const settings = {
    FunctionName,
    Role: 'arn:aws:iam::000000000000:role/any',
    Runtime: 'nodejs24.x',
    Timeout: 60,
  } as const
  const Code = { ZipFile: await zipOf('index.js', code) }
  await server.client.send(new CreateFunctionCommand({ ...settings, Handler: 'index.handler', MemorySize: 512, Code }))
  await waitUntilFunctionActiveV2({ client: server.client, maxWaitTime: 20 }, { FunctionName })
}

function invoke(event: object) {
  const Payload = JSON.stringify(event)
  return server.client.send(new InvokeWithResponseStreamCommand({ FunctionName: 'streamed', Payload }))
}

const path = '/2021-11-15/functions/streamed/response-streaming-invocations'

/** The head of the answer to a plain request, whose body nobody reads yet. */
async function ask(event: object): Promise<IncomingMessage> {
  const asking = request(`${server.address}${path}`, { method: 'POST' }).end(JSON.stringify(event))
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  return response
}

/** Peak memory of the server and of each supervisor, MB. */
function peaksMb(): Map<number, number> {
  return new Map(
    ours(server.process.pid!).map((pid) => [pid, Number(/VmHWM:\s+(\d+)/.exec(read(pid, 'status'))?.[1]) / 1024]),
  )
}

/** The server, and the supervisors among what it started. */
function ours(root: number): number[] {
  const children = read(root, `task/${String(root)}/children`)
    .split(' ')
    .filter((id) => id.trim() !== '')
  const all = [root, ...children.flatMap((id) => ours(Number(id)))]
  return all.filter((pid) => pid === server.process.pid || /supervisor\S*\.c?js\0$/.test(read(pid, 'cmdline')))
}

/** Reads a file of a process that may have ended. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

test('the caller gets the first byte before the function has ended', async () => {
  const { EventStream, ExecutedVersion } = await invoke({ do: 'wait' })
  const texts: string[] = []
  let complete: InvokeWithResponseStreamCompleteEvent | undefined
  for await (const { PayloadChunk, InvokeComplete } of EventStream!) {
    if (PayloadChunk?.Payload) texts.push(Buffer.from(PayloadChunk.Payload).toString())
    complete ??= InvokeComplete
    // The function waits for this, and writes the rest only then.
    allow('/wait')
  }
  expect(texts).toEqual(['first', 'second'])
  expect(complete).toEqual({})
  expect(ExecutedVersion).toBe('$LATEST')
})

test('the answer has the headers of a stream', async () => {
  allow('/wait')
  const response = await ask({ do: 'wait' })
  response.resume()
  expect(response.statusCode).toBe(200)
  expect(response.headers).toMatchObject({
    'content-type': 'application/vnd.amazon.eventstream',
    'transfer-encoding': 'chunked',
    'x-amz-executed-version': '$LATEST',
    'x-amzn-requestid': expect.stringMatching(/^[0-9a-f-]{36}$/),
    'x-amzn-trace-id': expect.stringMatching(/^[Rr]oot=1-/),
  })
  await once(response, 'end')
})

const onLinux = existsSync('/proc/self/status') ? test : test.skip

onLinux(
  'a caller that does not read holds the function back, and costs neither server nor supervisor memory',
  async () => {
    const pieces = 3000
    const before = peaksMb()
    expect(before.size).toBeGreaterThan(1)
    const response = await ask({ do: 'much', pieces })
    await said('/say/held')
    // Of 188 MB those that are under way fill a few buffers. What Node.js has not collected yet is counted too.
    for (const [pid, peakMb] of peaksMb()) expect(peakMb - (before.get(pid) ?? 0)).toBeLessThan(60)
    let bytes = 0
    for await (const piece of response) bytes += (piece as Buffer).length
    expect(bytes).toBeGreaterThan(pieces * 65_536)
    for (const [pid, peakMb] of peaksMb()) expect(peakMb - (before.get(pid) ?? 0)).toBeLessThan(150)
  },
)

test('when a caller disconnects, the function completes and its environment serves the next one', async () => {
  const response = await ask({ do: 'goOn' })
  await once(response, 'data')
  await said('/go')
  response.destroy()
  await once(response, 'close')
  allow('/go')
  await said('/say/over')
  allow('/wait')
  const { EventStream } = await invoke({ do: 'wait' })
  for await (const { InvokeComplete } of EventStream!) if (InvokeComplete) expect(InvokeComplete).toEqual({})
})

test('when a slow caller disconnects, the function that it blocked completes', async () => {
  const response = await ask({ do: 'much', pieces: 1200 })
  await said('/say/held')
  const before = reports()
  response.destroy()
  await functionIsOver(before)
})

test('a caller that disconnects before the first byte does not block the function', async () => {
  const asking = request(`${server.address}${path}`, { method: 'POST' }).end(
    JSON.stringify({ do: 'late', pieces: 200 }),
  )
  await leaveEarly(asking)
})

const reports = (): number => server.output().split('REPORT').length

/** Waits for one more REPORT than there were. */
async function functionIsOver(before: number): Promise<void> {
  const deadline = Date.now() + 20_000
  while (reports() === before) {
    if (Date.now() > deadline) throw new Error('The function was never over')
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(server.output()).not.toContain('Task timed out')
}

/** Hangs up while the function has written nothing yet, lets it go on, and waits for its end. */
async function leaveEarly(asking: ClientRequest): Promise<void> {
  await said('/go')
  const before = reports()
  await new Promise((resolve) =>
    asking
      .on('error', () => undefined)
      .once('close', resolve)
      .destroy(),
  )
  allow('/go')
  await functionIsOver(before)
}

describe('a function URL that streams', () => {
  let url: string
  beforeAll(async () => {
    const config = { FunctionName: 'streamed', AuthType: 'NONE', InvokeMode: 'RESPONSE_STREAM' } as const
    const { FunctionUrl } = await server.client.send(new CreateFunctionUrlConfigCommand(config))
    const statement = {
      FunctionName: 'streamed',
      StatementId: 'url',
      Action: 'lambda:InvokeFunctionUrl',
      Principal: '*',
    }
    await server.client.send(new AddPermissionCommand({ ...statement, FunctionUrlAuthType: 'NONE' }))
    url = FunctionUrl!
  })

  function send(order: object): ClientRequest {
    const headers = { 'content-type': 'application/json' }
    return request(url, { method: 'POST', headers }).end(JSON.stringify(order))
  }

  async function call(order: object): Promise<IncomingMessage> {
    const [response] = (await once(send(order), 'response')) as [IncomingMessage]
    return response
  }

  test('sends status, cookies and first byte before the function has ended', async () => {
    const response = await call({ do: 'wait', status: 201 })
    expect(response.statusCode).toBe(201)
    expect(response.headers['set-cookie']).toEqual(['a=1'])
    let text = ''
    for await (const piece of response) {
      text += String(piece)
      allow('/wait')
    }
    expect(text).toBe('firstsecond')
  })

  test.each([{}, { status: 201 }])(
    'lets its function run to its end when the caller goes away early (%j)',
    async (more) => {
      await leaveEarly(send({ do: 'late', pieces: 200, ...more }))
    },
  )

  test('cuts the connection when the function fails after its first byte', async () => {
    const response = await call({ do: 'break' })
    expect(response.headers['content-type']).toBe('text/plain')
    const reading = (async () => {
      for await (const piece of response) if (String(piece) === 'first') allow('/wait')
    })()
    await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})
