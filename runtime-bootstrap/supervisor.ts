import { bindFolders } from './bind-folders.ts'
import { answerOf, exitFault, initErrorFault, outOfMemory, timeoutFault, type Fault } from './faults.ts'
import { newRun, type InvocationRun } from './invocation-run.ts'
import { watchMemory, type MemoryWatch } from './memory.ts'
import { createOutbox, type Outbox, type Outlet } from './outbox.ts'
import { openOutputPipe, type OutputPipe } from './output-pipe.ts'
import { encodeFrame, type Assignment, type EnvironmentStatus, type Frame, type Order } from './protocol.ts'
import { answerRun, streamRun } from './run-answer.ts'
import { writeFault, writeInitReport, writeInitStart, writeReport, writeStart } from './run-log.ts'
import { serveRuntimeApi, type RuntimeApi } from './runtime-api.ts'
import type { ApiReply } from './runtime-api/http-connection.ts'
import { sendEvent } from './runtime-api/next.ts'
import type { Answer, AnswerBody, BodySource } from './runtime-api/runtime-events.ts'
import { moves, runtimeStates, statusOf, type State } from './environment-state.ts'
import { startRuntimeProcess, type RuntimeExit, type RuntimeProcess } from './runtime-process.ts'

/** AWS freezes an idle environment at once; the delay keeps invocations in a row from paying for it. */
const freezeAfterMs = 10
/** How long a runtime may take to exit by itself after it reported that it cannot get ready. */
const initErrorGraceMs = 500

/**
 * Runs one environment, from generic to its end.
 *
 * 1. listen      the Runtime API waits before anyone needs it                     runtime-api.ts
 * 2. assign      folders are bound, the runtime is started: init                  runtime-process.ts, entry-point.ts
 * 3. ready       the runtime asked for an event; frozen while there is none
 * 4. run         the event out by `next`, the answer in, whole or as a stream     runtime-api/, run-answer.ts
 * 5. done        the runtime asked for the next event; the log is complete        run-log.ts
 * 6. down        timeouts, exits and failed inits end all processes; the next     faults.ts
 *                invocation initialises again, within its own time
 */
export class Supervisor {
  readonly #outbox: Outbox
  readonly #api: RuntimeApi
  readonly #pipe: Promise<OutputPipe>
  #output = 0
  #state: State = 'generic'
  #assignment: Assignment | undefined
  #process: RuntimeProcess | undefined
  #memory: MemoryWatch | undefined
  /** Why the processes are being ended, when it was not their own doing. */
  #fault: Fault | undefined
  #run: InvocationRun | undefined
  #waiting: ApiReply[] = []
  #initPhase: 'init' | 'invoke' = 'init'
  #initStartedMs = 0
  #initDurationMs: number | undefined
  #timer: NodeJS.Timeout | undefined
  #freezer: NodeJS.Timeout | undefined
  #maxMemoryMb = 0

  constructor(outlet: Outlet, pipeCommand?: readonly string[]) {
    this.#outbox = createOutbox(outlet)
    this.#api = serveRuntimeApi({
      state: () => runtimeStates[this.#state],
      currentId: () => this.#currentId(),
      onNext: (reply) => this.#onNext(reply),
      onAnswer: (answer) => this.#onAnswer(answer),
      onStream: (contentType, source) => this.#onStream(contentType, source),
      onInitError: (answer) => this.#onInitError(answer),
    })
    this.#pipe = openOutputPipe((chunk) => this.#outbox.log.output(chunk), pipeCommand)
    // Failures show when an assignment needs these.
    this.#pipe.catch(() => undefined)
    this.#api.address.catch(() => undefined)
  }

  /** Takes one frame of the server. */
  receive({ message, body }: Frame<Order>): void {
    switch (message.type) {
      case 'assign':
        return void this.#assign(message.assignment)
      case 'invoke':
        return this.#invoke(newRun(message, body))
      case 'grant':
        if (this.#run?.invoke.requestId === message.requestId) this.#run.stream?.grant(message.bytes)
        return
      case 'shutdown':
        return this.stop()
    }
  }

  /** What a server that takes the environment over finds. */
  status(): EnvironmentStatus {
    return statusOf(this.#assignment, this.#run !== undefined)
  }

  /** Ends the function's processes and this one. */
  stop(): void {
    this.#state = 'stopped'
    this.#process?.kill()
    this.#outbox.flush()
  }

  async #assign(assignment: Assignment): Promise<void> {
    if (this.#assignment !== undefined) throw new Error('An environment can be assigned only once: start another one')
    this.#assignment = assignment
    if (assignment.mount === true) {
      await bindFolders(assignment)
      this.#assignment = { ...assignment, codeFolder: '/var/task', layerFolder: '/opt' }
    }
    this.#initialise('init', await this.#pipe, await this.#api.address)
  }

  #initialise(phase: 'init' | 'invoke', pipe: OutputPipe, apiAddress: string): void {
    const assignment = this.#assigned()
    if (this.#state === 'stopped') return
    this.#move('initialising')
    this.#initPhase = phase
    this.#fault = undefined
    this.#initStartedMs = performance.now()
    writeInitStart(this.#outbox, assignment, phase)
    const onExit = (exit: RuntimeExit): void => this.#outbox.drain(() => this.#onExit(exit))
    this.#process = startRuntimeProcess({ assignment, apiAddress, output: pipe.writeEnd, onExit })
    this.#memory = watchMemory(this.#process.pid, assignment.memoryMb, () => this.#end(outOfMemory))
    this.#memory.resume()
    if (phase === 'init') this.#endLater(assignment.initTimeoutMs)
  }

  /** An event came: it runs now, after the initialisation that is going on, or after another one. */
  #invoke(run: InvocationRun): void {
    this.#run = run
    if (this.#state === 'ready') this.#deliver(run)
    else if (this.#state === 'down') void this.#initialiseAgain(run)
  }

  async #initialiseAgain(run: InvocationRun): Promise<void> {
    const [pipe, address] = await Promise.all([this.#pipe, this.#api.address])
    this.#startClock(run)
    if (run.invoke.tail) this.#outbox.log.startTail()
    this.#initialise('invoke', pipe, address)
  }

  #startClock(run: InvocationRun): void {
    const { timeoutMs } = this.#assigned()
    run.startedMs = performance.now()
    run.deadlineMs = Date.now() + timeoutMs
    this.#endLater(timeoutMs)
  }

  #onNext(reply: ApiReply): void {
    this.#waiting.push(reply)
    if (this.#state === 'initialising') this.#onInitDone()
    else if (this.#state === 'responded') this.#onRunDone()
    // An event that found nobody waiting, since the connection had broken.
    else if (this.#state === 'ready' && this.#run !== undefined) this.#deliver(this.#run)
  }

  #onInitDone(): void {
    const initDurationMs = performance.now() - this.#initStartedMs
    if (this.#initPhase === 'init') {
      clearTimeout(this.#timer)
      this.#initDurationMs = initDurationMs
    }
    writeInitReport(this.#outbox, this.#assigned(), { phase: this.#initPhase, durationMs: initDurationMs })
    this.#outbox.flush(encodeFrame({ type: 'ready', initDurationMs }))
    this.#move('ready')
    if (this.#run !== undefined) this.#deliver(this.#run)
    else this.#freezeLater()
  }

  #deliver(run: InvocationRun): void {
    clearTimeout(this.#freezer)
    this.#process?.thaw()
    if (run.startedMs === 0) this.#startClock(run)
    this.#waiting = this.#waiting.filter((reply) => reply.isOpen())
    if (this.#waiting.length === 0) return
    this.#move('running')
    const { invoke, event } = run
    for (const reply of this.#waiting) sendEvent(reply, invoke, run.deadlineMs, event)
    this.#waiting = []
    if (invoke.tail) this.#outbox.log.startTail()
    writeStart(this.#outbox, run, this.#assigned())
    this.#memory?.resume()
  }

  /** The invocation that waits for its answer; a stream that has begun is one. */
  #currentId(): string | undefined {
    const run = this.#run
    return this.#state === 'running' && run?.stream === undefined ? run?.invoke.requestId : undefined
  }

  #onStream(contentType: string, source: BodySource): AnswerBody | undefined {
    const run = this.#run
    const onPosted = (): void => {
      if (this.#run === run && this.#state === 'running') this.#move('responded')
    }
    return run === undefined ? undefined : streamRun(this.#outbox, run, { contentType, source, onPosted })
  }

  #onAnswer(answer: Answer): void {
    const run = this.#run
    if (run === undefined || this.#state !== 'running') return
    this.#answer(run, answer)
    this.#move('responded')
  }

  #answer(run: InvocationRun, answer: Answer): void {
    answerRun(this.#outbox, run, answer, () => this.#state === 'ready')
  }

  #onRunDone(): void {
    clearTimeout(this.#timer)
    const run = this.#run
    const endedMs = performance.now()
    run?.stream?.settle()
    this.#memory?.pause()
    this.#move('ready')
    this.#run = undefined
    this.#outbox.drain(() => {
      if (run !== undefined) this.#report(run, endedMs)
      if (this.#state === 'ready' && this.#run === undefined) this.#freezeLater()
    })
  }

  #onInitError(answer: Answer): void {
    const fault = initErrorFault(answer)
    this.#fault = fault
    if (this.#initPhase === 'invoke' && this.#run !== undefined) this.#answer(this.#run, answer)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#process?.kill(), initErrorGraceMs)
  }

  /** Ends the processes because of what they did or failed to do. */
  #end(fault: Fault): void {
    if (this.#fault !== undefined) return
    this.#fault = fault
    this.#process?.kill()
  }

  #endLater(delayMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#onTimeout(), Math.max(0, delayMs))
  }

  #onTimeout(): void {
    const fault = timeoutFault(this.#assigned().timeoutMs)
    const run = this.#run
    this.#end(fault)
    const isInit = this.#state === 'initialising' && this.#initPhase === 'init'
    if (run !== undefined && !isInit) this.#answer(run, answerOf(fault, run.invoke.requestId))
  }

  /** All processes are gone and their output is read. */
  #onExit(exit: RuntimeExit): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#freezer)
    if (this.#state === 'stopped') return
    const endedMs = performance.now()
    const fault = this.#fault ?? exitFault(exit)
    const wasInit = this.#state === 'initialising'
    if (this.#memory !== undefined) this.#maxMemoryMb = Math.max(this.#maxMemoryMb, this.#memory.peakMb())
    this.#memory?.stop()
    this.#process = undefined
    this.#waiting = []
    this.#api.disconnect()
    this.#move('down')
    const init = { phase: this.#initPhase, durationMs: endedMs - this.#initStartedMs, trouble: fault }
    if (wasInit) writeInitReport(this.#outbox, this.#assigned(), init)
    const run = this.#run
    const failure = wasInit ? encodeFrame({ type: 'init-failed', errorType: fault.errorType }) : undefined
    if (run === undefined) return this.#outbox.flush(failure)
    // The first initialisation failed, or the runtime left while it had nothing to do: the event gets another one.
    const isUntried = wasInit ? this.#initPhase === 'init' : !run.isStartWritten && fault.status === 'error'
    if (isUntried) return void this.#initialiseAgain(run)
    this.#run = undefined
    this.#answer(run, answerOf(fault, run.invoke.requestId))
    writeStart(this.#outbox, run, this.#assigned())
    writeFault(this.#outbox, run, fault, this.#assigned())
    this.#report(run, endedMs, fault)
  }

  #report(run: InvocationRun, endedMs: number, fault?: Fault): void {
    const assignment = this.#assigned()
    const maxMemoryUsedMb = Math.max(this.#maxMemoryMb, this.#memory?.maxUsedMb() ?? 0)
    const durationMs = fault?.status === 'timeout' ? assignment.timeoutMs : endedMs - run.startedMs
    const outcome = { durationMs, maxMemoryUsedMb, initDurationMs: this.#initDurationMs, fault }
    this.#initDurationMs = undefined
    writeReport(this.#outbox, run, outcome, assignment)
  }

  #freezeLater(): void {
    clearTimeout(this.#freezer)
    this.#freezer = setTimeout(() => {
      this.#memory?.pause()
      this.#process?.freeze()
    }, freezeAfterMs)
  }

  #assigned(): Assignment {
    if (this.#assignment === undefined) throw new Error('The environment is not assigned: send an assign frame first')
    return this.#assignment
  }

  #move(next: State): void {
    if (!moves[this.#state].includes(next)) throw new Error(`An environment cannot go from ${this.#state} to ${next}`)
    this.#state = next
  }
}
