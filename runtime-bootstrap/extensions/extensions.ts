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
  /** The command that creates the pipe for extensions' output; see `openOutputPipe`. */
  readonly pipeCommand: readonly string[] | undefined
  /** The runtime that was started before the function. */
  readonly standby: Standby | undefined
  /** See `EnvironmentProcessesOptions`. */
  readonly ownsPidNamespace: boolean
  /** An extension asked for its next event; it may have been the last one. */
  readonly onAsked: () => void
  /** An extension has subscribed to telemetry. */
  readonly onSubscribed: (extension: string, request: SubscriptionRequest) => void
  /** An extension failed or exited, or the runtime exited while extensions run: all processes must be ended. */
  readonly onFault: (fault: Fault) => void
}

/**
 * The extensions of one environment, and the life cycle of all its processes.
 *
 * 1. launch      start external extensions, then the runtime                      extension-files.ts, environment-processes.ts
 * 2. register    external ones by file name, others as internal ones              extension-registry.ts
 * 3. next        each asks for its first event, then for the next after each      extension.ts, extension-state.ts
 * 4. invoke      send the event to those registered for INVOKE
 * 5. end         graceful shutdown with a deadline                                shutdown.ts
 */
export class Extensions implements ExtensionEvents {
  /** Whether the environment has extensions. */
  hasAny = false
  areDisabled = false
  readonly #options: ExtensionsOptions
  #registry = new ExtensionRegistry([])
  #processes: EnvironmentProcesses | undefined
  #lastReports: readonly ExtensionReport[] | undefined
  #assignment: Assignment | undefined
  /** Opened when the first extension starts. The runtime has a pipe of its own. */
  #output: Promise<number> | undefined

  constructor(options: ExtensionsOptions) {
    this.#options = options
  }

  /** Starts all processes of the environment. `onExit` is called once all have exited and their output is in the log. */
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

  /** The runtime asked for its first event: closes registration. */
  close(): void {
    this.#registry.close()
  }

  /** Whether all extensions wait for an event. */
  areReady(): boolean {
    return !this.hasAny || this.#registry.areReady()
  }

  /** Sends an INVOKE event to the extensions registered for it. */
  offer(invoke: InvokeMessage, deadlineMs: number): void {
    for (const extension of this.#registry.all()) {
      if (extension.wants('INVOKE')) extension.offer(invokeEvent(invoke, deadlineMs, crypto.randomUUID()))
    }
  }

  /** The state of each extension, now or when the shutdown began. */
  reports(): readonly ExtensionReport[] {
    return this.#lastReports ?? this.#registry.reports()
  }

  /** Ends all processes; resolves when they have exited or been killed. */
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

  /** An extension subscribes to telemetry. */
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

  /** Initialisation is over: closes subscriptions, and stops telemetry when there are no subscribers. */
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

  /** All processes have exited: closes telemetry. */
  #closeTelemetry(callback: () => void): void {
    this.#options.outbox.telemetry?.close()
    this.#options.outbox.telemetry = undefined
    callback()
  }

  /** Reads the remaining output. */
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
