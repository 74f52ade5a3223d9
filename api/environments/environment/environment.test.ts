import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { duplexPair, type Duplex } from 'node:stream'
import {
  encodeFrame,
  frameDecoder,
  type Assignment,
  type ServerMessage,
  type SupervisorMessage,
} from '../../../runtime-bootstrap/protocol/protocol.ts'
import type { FunctionEnding } from '../driver/driver.ts'
import { Environment } from './environment.ts'
import type { AnswerSink, InvocationResult } from './invocation.ts'

const assignment = { functionName: 'hello', timeoutMs: 900_000, initTimeoutMs: 10_000 } as Assignment

describe('an environment that ends, or falls silent, while it runs something', () => {
  let supervisor: Duplex
  let environment: Environment
  let killed = 0
  let log = ''
  let nowMs = 0
  let received: string[] = []
  let isAnswering = true
  let ending: FunctionEnding | undefined

  beforeEach(() => open(true))
  afterEach(() => environment.kill('the test is over'))

  /** The supervisor's side of the channel is the test's. */
  function open(answersPings: boolean): void {
    ;[killed, nowMs, received, isAnswering, ending] = [0, 0, [], true, undefined]
    const [channel, other] = duplexPair()
    supervisor = other
    const receive = ({ message }: { message: ServerMessage }) => {
      received.push(message.type)
      if (message.type === 'ping' && isAnswering) supervisor.write(encodeFrame({ type: 'pong' }))
    }
    supervisor.on('data', frameDecoder<ServerMessage>(receive))
    const endedByFunction = () => Promise.resolve(ending)
    const launched = { id: 'e', channel, assignment, answersPings, endedByFunction, kill: () => killed++ }
    const ignore = () => undefined
    const onLog = (text: string) => void (log += text)
    environment = new Environment(launched, { onFree: ignore, onGone: ignore, onLog }, () => nowMs)
  }

  function run(sink?: AnswerSink): Promise<InvocationResult> {
    const invocation = { requestId: 'r', functionArn: 'arn', payload: Buffer.from('{}'), tail: false }
    const outcome = environment.invoke(sink === undefined ? invocation : { ...invocation, sink })
    outcome.catch(() => undefined)
    return outcome
  }

  /** Resolves when the supervisor has the event. */
  const arrival = () => new Promise((resolve) => setImmediate(resolve))

  async function watchFor(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      nowMs += 1_000
      environment.watch(nowMs)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  test('is lost when it is unresponsive, long before the time limit', async () => {
    const outcome = run()
    isAnswering = false
    await watchFor(19)
    expect(killed).toBe(0)
    await watchFor(1)
    await expect(outcome).rejects.toThrow('its supervisor or node is unresponsive')
    expect(killed).toBe(1)
  })

  test('is left alone as long as it answers, until it is late', async () => {
    const outcome = run()
    await watchFor(910)
    expect(killed).toBe(0)
    await watchFor(11)
    await expect(outcome).rejects.toThrow('did not respond in time')
  })

  test('may be silent for a while: each word counts', async () => {
    const outcome = run()
    for (let round = 0; round < 3; round++) {
      isAnswering = false
      await watchFor(14)
      isAnswering = true
      await watchFor(6)
    }
    supervisor.write(encodeFrame({ type: 'response', requestId: 'r', contentType: 'text/plain' }, Buffer.from('done')))
    expect(Buffer.from((await outcome).payload).toString()).toBe('done')
  })

  test('is not asked while it runs nothing, nor when its supervisor is too old to answer', async () => {
    await watchFor(30)
    environment.kill('another takes its place')
    open(false)
    void run()
    await watchFor(300)
    expect(received).toEqual(['assign', 'invoke'])
    expect(killed).toBe(0)
  })

  describe('for want of memory', () => {
    const told = {
      errorType: 'Runtime.OutOfMemory',
      errorMessage: 'RequestId: r Error: Runtime exited with error: signal: killed',
    }
    const read = ({ payload, ...rest }: InvocationResult) => ({
      ...rest,
      error: JSON.parse(Buffer.from(payload).toString()) as unknown,
    })
    const failed = { contentType: 'application/json', functionError: 'Unhandled', error: told }
    let hasBegun: Promise<void>
    let sink: AnswerSink
    beforeEach(() => {
      ending = 'out-of-memory'
      hasBegun = new Promise((resolve) => {
        sink = { begin: () => resolve(), write: (_bytes, taken) => taken() }
      })
    })

    test('answers as the function that used it up would', async () => {
      const outcome = run()
      await arrival()
      supervisor.destroy()
      expect(read(await outcome)).toEqual(failed)
      expect(killed).toBe(1)
    })

    test('answers so to who wants a stream, too, of which nothing came', async () => {
      const outcome = run(sink)
      await arrival()
      supervisor.destroy()
      expect(read(await outcome)).toEqual(failed)
    })

    test('breaks a stream off as a supervisor that lives would', async () => {
      const outcome = run(sink)
      supervisor.write(encodeFrame({ type: 'begin', requestId: 'r', contentType: 'text/plain' }))
      await hasBegun
      supervisor.destroy()
      expect(read(await outcome)).toEqual({ ...failed, errorType: 'Sandbox.Failure' })
    })
  })

  test.each([
    ['no JSON', frameOf('{')],
    ['no object', frameOf('null')],
    ['no type', frameOf('{}')],
    ['a head with trailing bytes', frameOf('{"type":"response","requestId":"r"}{')],
    ['a head that is too long', Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
    ['a body that is too long', Buffer.from([0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff])],
    ['an end without a response', encodeFrame({ type: 'done', requestId: 'r' } as SupervisorMessage)],
  ])('is ended when its supervisor sends a malformed frame: %s', async (_name, frame) => {
    const outcome = run()
    supervisor.write(frame)
    await expect(outcome).rejects.toThrow('was lost')
    expect(killed).toBe(1)
  })

  test.each([
    ['out-of-storage', 'killed'],
    ['killed', 'killed'],
    ['terminated', 'terminated'],
  ] as const)('answers with the exit of a function that ended its environment: %s', async (how, signal) => {
    ending = how
    log = ''
    const outcome = run()
    await arrival()
    supervisor.destroy()
    const errorMessage = `RequestId: r Error: Runtime exited with error: signal: ${signal}`
    expect(JSON.parse(Buffer.from((await outcome).payload).toString())).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage,
    })
    expect(log).toBe(`${errorMessage}\nRuntime.ExitError\n`)
  })

  test('is no fault of a function that never had the event', async () => {
    ending = 'terminated'
    const outcome = run()
    supervisor.destroy()
    await expect(outcome).rejects.toMatchObject({ neverReached: true })
  })

  test('is lost when it ended for any other reason', async () => {
    const outcome = run()
    supervisor.destroy()
    await expect(outcome).rejects.toThrow('its supervisor ended')
  })
})

/** A frame with this head, which need not be valid, and no body. */
function frameOf(head: string): Buffer {
  const prefix = Buffer.alloc(8)
  prefix.writeUInt32BE(Buffer.byteLength(head), 0)
  return Buffer.concat([prefix, Buffer.from(head)])
}
