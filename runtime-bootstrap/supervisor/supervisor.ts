import { bindFolders } from '../files/bind-folders.ts'
import { Extensions } from '../extensions/extensions.ts'
import type { EnvironmentProcesses } from '../extensions/environment-processes.ts'
import { responseOf, exitFault, initErrorFault, initErrorGraceMs, outOfMemory, timeoutFault } from '../runs/faults.ts'
import type { Fault } from '../runs/faults.ts'
import { createIdleFreezer } from '../processes/idle-freezer.ts'
import { newRun, startClock, type InvocationRun } from '../runs/invocation-run.ts'
import { watchMemory } from '../processes/memory.ts'
import { createOutbox, type Outbox, type Outlet } from '../channel/outbox.ts'
import { openOutputPipe, type OutputPipe } from '../logs/output-pipe.ts'
import { encodeFrame } from '../protocol/protocol.ts'
import type { Assignment, EnvironmentStatus, Frame, EnvironmentMessage, ShutdownMessage } from '../protocol/protocol.ts'
import { sendResponse, streamRun } from './run-response.ts'
import { Reporter } from './reporter.ts'
import { serveRuntimeApi, type RuntimeApi } from '../runtime-api/runtime-api.ts'
import type { ApiReply } from '../runtime-api/http/http-connection.ts'
import { sendEvent } from '../runtime-api/next.ts'
import type { ResponseBody, BodySource } from '../runtime-api/http/response-body.ts'
import { clientsOf } from '../runtime-api/clients/clients.ts'
import type { RuntimeResponse } from '../runtime-api/runtime-events.ts'
import { moves, runtimeStates, statusOf, type State } from './environment-state.ts'
import type { ProcessExit } from '../processes/process-group.ts'
import { Standby } from '../processes/standby.ts'
import type { SupervisorOptions } from './supervisor-options.ts'

/**
 * Runs one environment, from generic to stopped.
 *
 * 1. listen      start the Runtime API and a standby runtime                     ../runtime-api/, ../processes/standby.ts
 * 2. assign      bind folders, start extensions and the runtime: init            ../extensions/, ../processes/runtime-process.ts
 * 3. ready       all of them have asked for an event; frozen while idle
 * 4. run         deliver the event by `next`, take the response or stream        ../runtime-api/, run-response.ts
 * 5. done        all have asked for the next event; the log is complete          reporter.ts, run-log.ts
 * 6. down        timeouts, exits and failed inits end all processes; the next    ../runs/faults.ts, ../extensions/shutdown.ts
 *                invocation initialises again, within its own timeout
 */
export class Supervisor {
  readonly #outbox: Outbox
  readonly #api: RuntimeApi
  readonly #extensions: Extensions
  readonly #memory = watchMemory(() => this.#fail(outOfMemory))
  readonly #reporter: Reporter
  readonly #pipe: Promise<OutputPipe>
  #state: State = 'generic'
  #assignment: Assignment | undefined
  #processes: EnvironmentProcesses | undefined
  /** Why the supervisor is ending the processes; undefined when they exit by themselves. */
  #fault: Fault | undefined
  #faultMs = 0
  #run: InvocationRun | undefined
  #waiting: ApiReply[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #freezer = createIdleFreezer(() => {
    this.#memory.pause()
    this.#processes?.freeze()
  })

  constructor(outlet: Outlet, own: SupervisorOptions = {}) {
    this.#outbox = createOutbox(outlet)
    this.#pipe = openOutputPipe((chunk) => this.#outbox.output(chunk), own.pipeCommand)
    this.#extensions = new Extensions({
      outbox: this.#outbox,
      pipeCommand: own.pipeCommand,
      standby: own.standby && new Standby(own.standby, this.#pipe),
      ownsPidNamespace: own.ownsPidNamespace === true,
      onAsked: () => this.#onAsked(),
      onSubscribed: (extension, request) => this.#reporter.subscribed(extension, request),
      onFault: (fault) => this.#fail(fault),
    })
    this.#reporter = new Reporter({
      outbox: this.#outbox,
      memory: this.#memory,
      assignment: () => this.#assigned(),
      extensions: () => this.#extensions.reports(),
    })
    this.#api = serveRuntimeApi(clientsOf(own.clients, this.#outbox), {
      state: () => runtimeStates[this.#state],
      currentId: () => this.#currentId(),
      onNext: (reply) => this.#onNext(reply),
      onResponse: (response) => this.#onResponse(response),
      onStream: (contentType, source) => this.#onStream(contentType, source),
      onInitError: (response) => this.#onInitError(response),
      extensions: this.#extensions,
    })
    // Rejections surface when an assignment awaits these.
    this.#pipe.catch(() => undefined)
    this.#api.address.catch(() => undefined)
  }

  /** Handles one frame from the server. */
  receive({ message, body }: Frame<EnvironmentMessage>): void {
    switch (message.type) {
      case 'assign':
        return void this.#assign(message.assignment)
      case 'invoke':
        return this.#invoke(newRun(message, body))
      case 'grant':
        if (this.#run?.invoke.requestId === message.requestId) this.#run.stream?.grant(message.bytes)
        return
    }
  }

  /** The status reported to a server that takes the environment over. */
  status(): EnvironmentStatus {
    return statusOf(this.#assignment, this.#run !== undefined)
  }

  /** Ends the function's processes; resolves once they have exited or been killed, at once without extensions. */
  async stop(reason: ShutdownMessage['reason'] = 'spindown'): Promise<void> {
    this.#state = 'stopped'
    await this.#extensions.end(reason)
    this.#outbox.flush()
  }

  async #assign(assignment: Assignment): Promise<void> {
    if (this.#assignment !== undefined) throw new Error('An environment can be assigned only once: start another one')
    this.#assignment = assignment
    if (assignment.mount === true) {
      await bindFolders(assignment)
      this.#assignment = { ...assignment, codeFolder: '/var/task', layerFolder: '/opt' }
    }
    await this.#initialise('init')
  }

  async #initialise(phase: 'init' | 'invoke'): Promise<void> {
    const [{ writeEnd }, apiAddress] = await Promise.all([this.#pipe, this.#api.address])
    const assignment = this.#assigned()
    if (this.#state === 'stopped') return
    this.#move('initialising')
    this.#fault = undefined
    this.#faultMs = 0
    const onExit = (exit: ProcessExit): void => this.#onExit(exit)
    this.#processes = this.#extensions.launch({ assignment, apiAddress, output: writeEnd, onExit })
    this.#reporter.initStarted(phase)
    this.#memory.follow(this.#processes, assignment.memoryMb)
    this.#memory.resume()
    if (phase === 'init') this.#endLater(assignment.initTimeoutMs)
  }

  /** Runs an event: now, after the current initialisation, or after a new one. */
  #invoke(run: InvocationRun): void {
    this.#run = run
    // While processes are ending after a fault, the event waits for the next initialisation.
    if (this.#state === 'ready' && this.#fault === undefined) this.#deliver(run)
    else if (this.#state === 'down') this.#initialiseAgain(run)
  }

  #initialiseAgain(run: InvocationRun): void {
    this.#startClock(run)
    if (run.invoke.tail) this.#outbox.log.startTail()
    void this.#initialise('invoke')
  }

  #startClock(run: InvocationRun): void {
    startClock(run, this.#assigned().timeoutMs)
    this.#endLater(this.#assigned().timeoutMs)
  }

  #onNext(reply: ApiReply): void {
    this.#waiting.push(reply)
    if (this.#state === 'initialising') this.#extensions.close()
    const isPostponed = this.#extensions.hasAny && this.#state === 'responded' && this.#fault === undefined
    if (isPostponed && this.#run !== undefined) this.#reporter.runtimeDone(this.#run)
    this.#onAsked()
    // An event that could not be delivered because the runtime's connection had broken.
    if (this.#state === 'ready' && this.#run !== undefined && this.#fault === undefined) this.#deliver(this.#run)
  }

  /** A phase ends once the runtime and all extensions have asked for their next event. */
  #onAsked(): void {
    if (this.#waiting.length === 0 || this.#fault !== undefined || !this.#extensions.areReady()) return
    if (this.#state === 'initialising') this.#onInitDone()
    else if (this.#state === 'responded') this.#onRunDone()
  }

  #onInitDone(): void {
    if (this.#reporter.phase === 'init') clearTimeout(this.#timer)
    const initDurationMs = this.#reporter.initEnded(performance.now())
    this.#extensions.closeSubscriptions()
    this.#outbox.flush(encodeFrame({ type: 'ready', initDurationMs }))
    this.#move('ready')
    if (this.#run !== undefined) this.#deliver(this.#run)
    else this.#freezer.schedule()
  }

  #deliver(run: InvocationRun): void {
    this.#freezer.cancel()
    this.#processes?.thaw()
    if (run.startedMs === 0) this.#startClock(run)
    this.#waiting = this.#waiting.filter((reply) => reply.isOpen())
    if (this.#waiting.length === 0) return
    this.#move('running')
    const { invoke, event } = run
    for (const reply of this.#waiting) sendEvent(reply, invoke, run.deadlineMs, event)
    this.#waiting = []
    if (this.#extensions.hasAny) this.#extensions.offer(invoke, run.deadlineMs)
    if (invoke.tail) this.#outbox.log.startTail()
    this.#reporter.runStarted(run)
    this.#memory.resume()
  }

  /** The invocation that still needs a response; undefined once a stream has begun. */
  #currentId(): string | undefined {
    const run = this.#run
    return this.#state === 'running' && run?.stream === undefined ? run?.invoke.requestId : undefined
  }

  #onStream(contentType: string, source: BodySource): ResponseBody | undefined {
    const run = this.#run
    const onPosted = (): void => {
      if (this.#run === run && this.#state === 'running') this.#move('responded')
    }
    return run === undefined ? undefined : streamRun(this.#outbox, run, { contentType, source, onPosted })
  }

  #onResponse(response: RuntimeResponse): void {
    const run = this.#run
    if (run === undefined || this.#state !== 'running') return
    sendResponse(this.#outbox, run, response)
    this.#move('responded')
  }

  #onRunDone(): void {
    clearTimeout(this.#timer)
    const run = this.#run
    const endedMs = performance.now()
    run?.stream?.endBroken()
    this.#memory.pause()
    this.#move('ready')
    this.#run = undefined
    this.#outbox.drain(() => {
      if (run !== undefined) this.#reporter.runEnded(run, endedMs)
      if (this.#state === 'ready' && this.#run === undefined) this.#freezer.schedule()
    })
  }

  #onInitError(response: RuntimeResponse): void {
    this.#fault = initErrorFault(response)
    this.#faultMs = performance.now()
    this.#reporter.faultFound(this.#fault, this.#faultMs, 'initialisation')
    if (this.#reporter.phase === 'invoke' && this.#run !== undefined) sendResponse(this.#outbox, this.#run, response)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#extensions.end('failure'), initErrorGraceMs)
  }

  /** Ends the processes after a fault, and sends the error to the caller at once. */
  #fail(fault: Fault): void {
    if (this.#fault === undefined) {
      this.#faultMs = performance.now()
      this.#fault = fault
      const phase = this.#state === 'initialising' ? 'initialisation' : this.#run
      this.#reporter.faultFound(fault, this.#faultMs, phase)
    }
    void this.#extensions.end(this.#fault.status === 'timeout' ? 'timeout' : 'failure')
    // An event that waits for the first initialisation, or was never delivered, is retried in a new one.
    const isTried = this.#state === 'initialising' ? this.#reporter.phase === 'invoke' : this.#state !== 'ready'
    if (isTried && this.#run !== undefined)
      sendResponse(this.#outbox, this.#run, responseOf(fault, this.#run.invoke.requestId))
  }

  #endLater(delayMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#fail(timeoutFault(this.#assigned().timeoutMs)), Math.max(0, delayMs))
  }

  /** All processes have exited and their output has been read. */
  #onExit(exit: ProcessExit): void {
    clearTimeout(this.#timer)
    this.#freezer.cancel()
    if (this.#state === 'stopped') return
    const endedMs = this.#faultMs > 0 ? this.#faultMs : performance.now()
    const fault = this.#fault ?? exitFault(exit)
    const wasInit = this.#state === 'initialising'
    this.#memory.forget()
    this.#processes = undefined
    this.#waiting = []
    this.#api.disconnect()
    this.#move('down')
    if (wasInit) this.#reporter.initEnded(endedMs, fault)
    const run = this.#run
    const failure = wasInit ? encodeFrame({ type: 'init-failed', errorType: fault.errorType }) : undefined
    if (run === undefined) return this.#outbox.flush(failure)
    // The first initialisation failed, or the runtime exited while idle: retry the event in a new initialisation.
    const isUntried = wasInit ? this.#reporter.phase === 'init' : !run.isStartWritten && fault.status === 'error'
    if (isUntried) return this.#initialiseAgain(run)
    this.#run = undefined
    sendResponse(this.#outbox, run, responseOf(fault, run.invoke.requestId))
    this.#reporter.runEnded(run, endedMs, fault)
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
