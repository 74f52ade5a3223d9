import {
  encodeFrame,
  frameDecoder,
  type Frame,
  type ResponseMessage,
  type DoneMessage,
  type ShutdownMessage,
  type SupervisorMessage,
} from '../../../runtime-bootstrap/protocol/protocol.ts'
import type { Launched } from '../driver/driver.ts'
import type { AnswerSink, Invocation, InvocationResult } from './invocation.ts'
import { endingOf, invokeMessage, resultOf } from './invocation-frames.ts'
import { EnvironmentLost, type Loss } from './environment-lost.ts'
import { moves, type EnvironmentState } from './environment-state.ts'
import { streamTo, type CallStream } from './stream-grants.ts'

/** Callbacks of an environment to its owner; each is called at most once per occasion and must not throw. */
export interface EnvironmentEvents {
  /** It can take an invocation again: `done` was received. */
  onFree(environment: Environment): void
  /** It has ended, with its processes. */
  onGone(environment: Environment): void
  onLog(text: string, environment: Environment): void
  onWarning?(text: string): void
}

interface Call {
  readonly requestId: string
  readonly tail: boolean
  readonly deadlineMs: number
  /** When the last ping, or the event, was sent. */
  pingedMs: number
  readonly resolve: (result: InvocationResult) => void
  readonly reject: (reason: EnvironmentLost) => void
  readonly stream: CallStream | undefined
  /** The whole frame was handed to the operating system. */
  written: boolean
  /** The response; the caller may still wait for the log tail. */
  response?: Frame<ResponseMessage>
}

/** How long after the time limit of the function an environment counts as broken. */
const safetyMs = 10_000
/** The interval of pings during an invocation, and the number of unanswered pings after which the environment is lost. */
const [pingMs, maxUnanswered] = [5_000, 3]
/** The timeout of a graceful shutdown; extensions have 2 s. */
const shutdownMs = 3_000

/** The server's side of one supervisor: one invocation at a time, from assignment to end. */
export class Environment {
  readonly launched: Launched
  /** Resolves when the runtime has asked for its first event, or when it never will. */
  readonly started: Promise<void>
  /** Resolves when the first initialisation has ended: to undefined, or to the type of its error. */
  readonly initialised: Promise<string | undefined>
  /** Resolves when the environment is gone. */
  readonly gone: Promise<void>
  /** Resolves when an invocation has ended; for an environment that was adopted busy, that of the previous server. */
  readonly freed: Promise<void>
  readonly #events: EnvironmentEvents
  readonly #clock: () => number
  #markStarted: () => void = () => undefined
  #markInitialised: (failure: string | undefined) => void = () => undefined
  #markGone: () => void = () => undefined
  #markFreed: () => void = () => undefined
  #state: EnvironmentState = 'starting'
  #isGone = false
  #isReady = false
  #call: Call | undefined
  #unanswered = 0
  #freeSinceMs: number

  constructor(launched: Launched, events: EnvironmentEvents, clock: () => number) {
    this.launched = launched
    this.#events = events
    this.#clock = clock
    this.#freeSinceMs = clock()
    this.started = new Promise((resolve) => (this.#markStarted = resolve))
    this.initialised = new Promise((resolve) => (this.#markInitialised = resolve))
    this.gone = new Promise((resolve) => (this.#markGone = resolve))
    this.freed = new Promise((resolve) => (this.#markFreed = resolve))
    const { channel } = launched
    const decode = frameDecoder<SupervisorMessage>((frame) => this.#receive(frame))
    channel.on('data', (chunk: Buffer) => this.#decode(decode, chunk))
    channel.on('error', () => undefined)
    channel.on('end', () => channel.destroy())
    channel.on('close', () => void this.#end()).resume()
    if (launched.found === undefined) channel.write(encodeFrame({ type: 'assign', assignment: launched.assignment }))
    else this.#adopt(launched.found)
  }

  get state(): EnvironmentState {
    return this.#state
  }

  /** Whether it can take an invocation now; the first one may be sent before the runtime is up. */
  get isFree(): boolean {
    return this.#state === 'idle' || this.#state === 'starting'
  }

  /** When it last became free. */
  get freeSinceMs(): number {
    return this.#freeSinceMs
  }

  /** Whether it has been free since before the given time. */
  isFreeSince(timeMs: number): boolean {
    return this.isFree && this.#freeSinceMs <= timeMs
  }

  /**
   * Ends the environment when its invocation exceeds every time limit, or when it is unresponsive: a lost node or a frozen
   * supervisor must not block callers for a long time limit. The operating system detects lost idle connections.
   */
  watch(nowMs: number): void {
    const call = this.#call
    if (call === undefined) return
    if (call.deadlineMs < nowMs) return this.kill('it did not respond in time')
    if (this.launched.answersPings !== true || nowMs - call.pingedMs < pingMs) return
    if (this.#unanswered >= maxUnanswered) return this.kill('its supervisor or node is unresponsive')
    this.#unanswered++
    call.pingedMs = nowMs
    this.launched.channel.write(encodeFrame({ type: 'ping' }))
  }

  /** Runs one event and resolves as soon as the function has responded; rejects with `EnvironmentLost`. */
  invoke(invocation: Invocation): Promise<InvocationResult> {
    const { channel, assignment } = this.launched
    if (!channel.writable) {
      this.kill('its channel was closed')
      return Promise.reject(new EnvironmentLost(this.launched, 'its channel was closed', { neverReached: true }))
    }
    this.#move('busy')
    return new Promise((resolve, reject) => {
      const { requestId, tail } = invocation
      const pingedMs = this.#clock()
      const deadlineMs = pingedMs + assignment.timeoutMs + assignment.initTimeoutMs + safetyMs
      const stream = invocation.sink && this.#streamTo(invocation.sink, requestId)
      const call: Call = { requestId, tail, deadlineMs, pingedMs, resolve, reject, stream, written: false }
      this.#call = call
      channel.write(encodeFrame(invokeMessage(invocation), invocation.payload), (error) => {
        if (error) this.kill('the event could not be written')
        else call.written = true
      })
    })
  }

  /** Shuts a free environment down gracefully; kills it after a timeout. */
  stop(reason: ShutdownMessage['reason']): void {
    if (this.#state === 'stopped') return
    this.#move('stopped')
    const killer = setTimeout(() => this.kill('it did not shut down in time'), shutdownMs)
    void this.gone.then(() => clearTimeout(killer))
    this.launched.channel.write(encodeFrame({ type: 'shutdown', reason }))
  }

  /** Kills the environment and all its processes; `byServer` when this server ends. */
  kill(reason: string, byServer = false): void {
    if (this.#isGone) return
    this.launched.kill()
    this.#leave(reason, { neverReached: false, byServer })
  }

  #streamTo(sink: AnswerSink, requestId: string): CallStream {
    const grant = (bytes: number): void => {
      if (this.#call?.requestId !== requestId) return
      this.launched.channel.write(encodeFrame({ type: 'grant', requestId, bytes }))
    }
    return streamTo(sink, grant)
  }

  /** Releases the environment if another server can adopt it. */
  release(): void {
    if (this.launched.release === undefined || this.#isGone || this.#state === 'stopped') return
    this.launched.release()
    this.#leave('this server released it', { neverReached: false, byServer: true })
  }

  /** An invocation that another server started has to end before the next can run. */
  #adopt(found: 'idle' | 'busy'): void {
    this.#isReady = true
    this.#markStarted()
    this.#markInitialised(undefined)
    this.#move(found === 'idle' ? 'idle' : 'finishing')
  }

  /** A supervisor shares its pod with the function: whatever it sends ends its own environment at most. */
  #decode(decode: (chunk: Buffer) => void, chunk: Buffer): void {
    if (this.#isGone) return
    try {
      decode(chunk)
    } catch (error) {
      this.kill(`its supervisor sent a malformed message: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #receive(frame: Frame<SupervisorMessage>): void {
    const { message, body } = frame
    this.#unanswered = 0
    switch (message.type) {
      case 'ready':
        this.#isReady = true
        this.#markStarted()
        this.#markInitialised(undefined)
        break
      case 'init-failed':
        this.#markInitialised(message.errorType ?? 'Runtime.Unknown')
        break
      case 'begin':
        this.#streamOf(message.requestId)?.begin(message.contentType)
        break
      case 'chunk':
        this.#streamOf(message.requestId)?.pass(body)
        break
      case 'response':
        this.#answer({ message, body })
        break
      case 'done':
        this.#finish(message)
        break
      case 'log':
        this.#events.onLog(Buffer.from(body.buffer, body.byteOffset, body.length).toString(), this)
        break
      case 'warning':
        this.#events.onWarning?.(message.text)
        break
      case 'replaced':
        this.launched.release?.()
        break
      case 'challenge':
      case 'welcome':
      case 'pong':
    }
  }

  #streamOf(requestId: string): CallStream | undefined {
    return this.#call?.requestId === requestId ? this.#call.stream : undefined
  }

  #answer(response: Frame<ResponseMessage>): void {
    const call = this.#call
    if (call?.requestId !== response.message.requestId || this.#state !== 'busy') return
    this.#move('finishing')
    call.response = response
    if (!call.tail) call.resolve(resultOf(response))
  }

  #finish(done: DoneMessage): void {
    const call = this.#call
    if (call === undefined && this.#state === 'finishing') return this.#free()
    if (call?.requestId !== done.requestId) return
    if (call.response === undefined) return this.kill('it ended an invocation without a response')
    if (call.tail) call.resolve(resultOf(call.response, done.logTail))
    this.#free()
  }

  #free(): void {
    this.#call = undefined
    this.#freeSinceMs = this.#clock()
    this.#markStarted()
    this.#markFreed()
    if (this.#state === 'finishing') this.#move('idle')
    if (this.#state === 'idle') this.#events.onFree(this)
  }

  /** The channel ended unexpectedly. What the function did to its own environment is its error, once it has the event. */
  async #end(): Promise<void> {
    const call = this.#call
    const isWaiting = call !== undefined && call.written && call.response === undefined
    const ending = isWaiting ? await this.launched.endedByFunction?.() : undefined
    const blame = isWaiting && ending !== undefined ? endingOf(call, ending) : undefined
    // All that a supervisor of this machine has sent is read by now: the event waited for the initialisation.
    const neverReached = !this.#isReady && this.launched.answersPings !== true
    if (blame !== undefined) this.#events.onLog(blame.log, this)
    if (blame !== undefined && !neverReached) call?.resolve(blame.result)
    if (!this.#isGone) this.launched.kill()
    this.#leave('its supervisor ended', { neverReached, result: blame?.result })
  }

  #leave(reason: string, loss: Loss): void {
    if (this.#isGone) return
    this.#isGone = true
    if (this.#state !== 'stopped') this.#move('stopped')
    this.launched.channel.destroy()
    const call = this.#call
    this.#call = undefined
    const neverReached = loss.neverReached || call?.written === false
    if (call?.tail === true && call.response !== undefined) call.resolve(resultOf(call.response))
    else call?.reject(new EnvironmentLost(this.launched, reason, { ...loss, neverReached }))
    this.#markStarted()
    this.#markInitialised('Runtime.ExitError')
    this.#markGone()
    this.#events.onGone(this)
  }

  #move(next: EnvironmentState): void {
    if (!moves[this.#state].includes(next)) throw new Error(`An environment cannot go from ${this.#state} to ${next}`)
    this.#state = next
  }
}
