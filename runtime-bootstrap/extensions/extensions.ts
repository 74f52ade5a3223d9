import { extensionErrorFault, type Fault } from '../runs/faults.ts'
import type { Outbox } from '../channel/outbox.ts'
import { openOutputPipe } from '../logs/output-pipe.ts'
import type { ExtensionReport } from '../platform/platform-lines.ts'
import type { Assignment, InvokeMessage, ShutdownMessage } from '../protocol/protocol.ts'
import type {
  ExtensionEvents,
  ExtensionRefusal,
  FunctionIdentity,
  RegisteredExtension,
} from '../runtime-api/extensions/extension-events.ts'
import { invokeEvent } from '../runtime-api/extensions/next.ts'
import { closedFor, invalidMove, unknownExtension } from '../runtime-api/extensions/refusals.ts'
import type { ApiReply } from '../runtime-api/http/http-connection.ts'
import type { SubscriptionRequest } from '../runtime-api/extensions/subscription-request.ts'
import { Telemetry } from '../telemetry/telemetry.ts'
import type { RuntimeProcessOptions } from '../processes/runtime-process.ts'
import type { Standby } from '../processes/standby.ts'
import { findExtensions } from './extension-files.ts'
import { EnvironmentProcesses } from './environment-processes.ts'
import { ExtensionRegistry } from './extension-registry.ts'

export interface ExtensionsOptions {
  readonly outbox: Outbox
  /** Makes the pipe for what extensions write; see `openOutputPipe`. */
  readonly pipeCommand: readonly string[] | undefined
  /** The runtime that waits for the environment's function. */
  readonly standby: Standby | undefined
  /** See `EnvironmentProcessesOptions`. */
  readonly ownsPidNamespace: boolean
  /** An extension asked for its next event, and may have been the last that was waited for. */
  readonly onAsked: () => void
  /** An extension is sent what happens from now on. */
  readonly onSubscribed: (extension: string, request: SubscriptionRequest) => void
  /** An extension cannot go on, or left, or the runtime did while extensions run: all of them are to be ended. */
  readonly onFault: (fault: Fault) => void
}

/**
 * The extensions of one environment, and all of its processes, which they begin and end with.
 *
 * 1. launch      external extensions are started, and the runtime behind them     extension-files.ts, environment-processes.ts
 * 2. register    external ones by their file's name, others as internal ones      extension-registry.ts
 * 3. next        each asks for its first event, and so do they after each         extension.ts, extension-state.ts
 * 4. invoke      an event for those who want it, beside the runtime's
 * 5. end         with a warning for those who want one, and a time limit          shutdown.ts
 */
export class Extensions implements ExtensionEvents {
  /** Whether there are any: without, nothing here is ever asked. */
  hasAny = false
  areDisabled = false
  readonly #options: ExtensionsOptions
  #registry = new ExtensionRegistry([])
  #processes: EnvironmentProcesses | undefined
  #lastReports: readonly ExtensionReport[] | undefined
  #assignment: Assignment | undefined
  /** Made when the first extension starts; what runs beside them writes elsewhere. */
  #output: Promise<number> | undefined

  constructor(options: ExtensionsOptions) {
    this.#options = options
  }

  /** Starts all processes of the environment; `onExit` comes when all are gone and what they wrote is in the log. */
  launch(options: RuntimeProcessOptions): EnvironmentProcesses {
    const { areDisabled, names, folder } = findExtensions(options.assignment)
    this.hasAny = names.length > 0
    this.areDisabled = areDisabled
    this.#assignment = options.assignment
    this.#lastReports = undefined
    this.#registry = new ExtensionRegistry(names)
    this.#options.outbox.telemetry = this.hasAny ? this.#openTelemetry() : undefined
    this.#processes = new EnvironmentProcesses({
      ...options,
      standby: this.#options.standby,
      ownsPidNamespace: this.#options.ownsPidNamespace,
      onExit: (exit) => this.#drainOutput(() => this.#closeTelemetry(() => options.onExit(exit))),
      registry: this.#registry,
      folder,
      flush: () => this.#options.outbox.telemetry?.flush(),
      openOutput: () => (this.#output ??= this.#openOutput()),
      onFault: this.#options.onFault,
    })
    return this.#processes
  }

  /** The runtime asked for its first event: no extension registers any more. */
  close(): void {
    this.#registry.close()
  }

  /** Whether all extensions wait for an event. */
  areReady(): boolean {
    return !this.hasAny || this.#registry.areReady()
  }

  /** Tells those who want to know of an invocation. */
  offer(invoke: InvokeMessage, deadlineMs: number): void {
    for (const extension of this.#registry.all()) {
      if (extension.wants('INVOKE')) extension.offer(invokeEvent(invoke, deadlineMs, crypto.randomUUID()))
    }
  }

  /** How far each extension is, or was when the end began. */
  reports(): readonly ExtensionReport[] {
    return this.#lastReports ?? this.#registry.reports()
  }

  /** Ends all processes; resolves when they are gone or their time is over. */
  async end(reason: ShutdownMessage['reason']): Promise<void> {
    this.#lastReports ??= this.#registry.reports()
    this.#options.standby?.end()
    await this.#processes?.end(reason)
    if (this.hasAny) await new Promise<void>((resolve) => this.#drainOutput(resolve))
  }

  identity(): FunctionIdentity {
    const { functionName = '', functionVersion = '', handler = '', accountId = '' } = this.#assignment ?? {}
    return { functionName, functionVersion, handler, accountId }
  }

  /** An extension wants to be sent what happens. */
  onSubscribe(id: string, request: SubscriptionRequest): ExtensionRefusal | undefined {
    const { telemetry } = this.#options.outbox
    const extension = this.#registry.find(id)
    if (extension === undefined) return unknownExtension(id)
    const former = telemetry?.subscriptionOf(id)?.api ?? request.api
    if (telemetry?.isOpen !== true || former !== request.api) return closedFor(request.api)
    telemetry.subscribe(id, request)
    this.#options.onSubscribed(extension.name, request)
    return undefined
  }

  /** Initialisation is over: nobody subscribes any more, and without subscribers nothing is told. */
  closeSubscriptions(): void {
    const { outbox } = this.#options
    if (outbox.telemetry?.closeSubscriptions() === false) outbox.telemetry = undefined
  }

  find(id: string): RegisteredExtension | undefined {
    return this.#registry.find(id)
  }

  register(name: string, events: readonly string[]): RegisteredExtension | ExtensionRefusal {
    const registered = this.#registry.register(name, events)
    if ('errorType' in registered) return registered
    this.hasAny = true
    this.#options.outbox.telemetry ??= this.#openTelemetry()
    if (this.#registry.areKnown()) this.#processes?.startRuntime()
    return registered
  }

  onNext(id: string, reply: ApiReply): ExtensionRefusal | undefined {
    const extension = this.#registry.find(id)
    if (extension === undefined) return unknownExtension(id)
    if (!extension.may('Ready')) return invalidMove(extension.name, extension.state, 'Ready')
    extension.ask(reply)
    this.#options.onAsked()
    return undefined
  }

  onError(id: string, kind: 'InitError' | 'ExitError', errorType: string): ExtensionRefusal | undefined {
    const extension = this.#registry.find(id)
    if (extension === undefined) return unknownExtension(id)
    if (!extension.may(kind)) return invalidMove(extension.name, extension.state, kind)
    extension.fail(kind, errorType)
    this.#options.onFault(extensionErrorFault(kind, errorType))
    return undefined
  }

  #openTelemetry(): Telemetry {
    return new Telemetry(this.#assignment?.logging !== undefined)
  }

  /** All are gone, and nobody is told anything any more. */
  #closeTelemetry(callback: () => void): void {
    this.#options.outbox.telemetry?.close()
    this.#options.outbox.telemetry = undefined
    callback()
  }

  /** Takes what they wrote last. */
  #drainOutput(callback: () => void): void {
    const { outbox } = this.#options
    outbox.drain(() => {
      outbox.log.endExtensionLine()
      callback()
    })
  }

  async #openOutput(): Promise<number> {
    const { outbox, pipeCommand } = this.#options
    const takeOutput = (chunk: Buffer): void => {
      outbox.log.extensionOutput(chunk)
      outbox.telemetry?.output('extension', chunk)
    }
    const pipe = await openOutputPipe(takeOutput, pipeCommand)
    return pipe.writeEnd
  }
}
