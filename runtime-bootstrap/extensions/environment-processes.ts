import { exitFault, extensionExitFault, type Fault } from '../runs/faults.ts'
import { noProcess, type ProcessExit, type ProcessGroup } from '../processes/process-group.ts'
import { endOrphans, orphans, signal } from '../processes/process-tree.ts'
import type { ShutdownMessage } from '../protocol/protocol.ts'
import { startRuntimeProcess, type RuntimeProcessOptions } from '../processes/runtime-process.ts'
import { withDeadline } from '../processes/with-deadline.ts'
import type { Extension } from './extension.ts'
import { startExtensionProcess } from './extension-process.ts'
import { maxExtensions, type ExtensionRegistry } from './extension-registry.ts'
import { RunningProcess } from '../processes/running-process.ts'
import { shutDown } from './shutdown.ts'

export interface EnvironmentProcessesOptions extends RuntimeProcessOptions {
  readonly registry: ExtensionRegistry
  /** The folder of the external extensions. */
  readonly folder: string
  /** Whether the PID namespace holds only the environment, so that orphaned processes can be recognised. */
  readonly ownsPidNamespace: boolean
  /** Flushes telemetry to subscribers; undefined when there are none. */
  readonly flush: () => Promise<void> | undefined
  /** Opens the pipe for the output of extensions. */
  readonly openOutput: () => Promise<number>
  /** A process exited while others run, which must now be ended. */
  readonly onFault: (fault: Fault) => void
}

/** How long subscribers may take to accept telemetry before a freeze, and at shutdown. */
const [idleFlushMs, lastFlushMs] = [2_000, 800]
const tooMany = `extension limit (${String(maxExtensions)}) reached`

/** All processes of an environment: the external extensions, and the runtime once these have registered. */
export class EnvironmentProcesses {
  readonly #options: EnvironmentProcessesOptions
  readonly #external = new Map<Extension, RunningProcess>()
  #runtime: RunningProcess | undefined
  #runtimeExit: ProcessExit = { code: null, signal: null }
  #running = 0
  #isFrozen = false
  #frozenOrphans: readonly number[] = []
  #ending: Promise<void> | undefined
  #isOver = false

  constructor(options: EnvironmentProcessesOptions) {
    this.#options = options
    if (options.registry.areKnown()) this.startRuntime()
    else void this.#startExtensions(options.registry.external())
  }

  /** Starts the runtime, unless it runs already or a shutdown has begun. */
  startRuntime(): void {
    if (this.#runtime !== undefined || this.#ending !== undefined) return
    this.#running++
    this.#runtime = new RunningProcess(
      (onExit) => startRuntimeProcess({ ...this.#options, onExit }),
      (exit) => {
        this.#runtimeExit = exit
        this.#onExit(() => exitFault(exit))
      },
    )
  }

  pids(): number[] {
    return this.#all().flatMap(({ group, isGone }) => (group.pid === undefined || isGone ? [] : [group.pid]))
  }

  /** Stops all processes until `thaw`, after flushing telemetry. */
  freeze(): void {
    this.#isFrozen = true
    const flushed = this.#options.flush()
    if (flushed === undefined) this.#stop()
    else void withDeadline(idleFlushMs, flushed).then(() => this.#stop())
  }

  #stop(): void {
    if (!this.#isFrozen || this.#ending !== undefined) return
    for (const { group } of this.#all()) group.freeze()
    this.#frozenOrphans = this.#options.ownsPidNamespace ? orphans() : []
    for (const pid of this.#frozenOrphans) signal(pid, 'SIGSTOP')
  }

  /** Resumes frozen processes. */
  thaw(): void {
    if (!this.#isFrozen) return
    this.#isFrozen = false
    for (const { group } of this.#all()) group.thaw()
    for (const pid of this.#frozenOrphans) signal(pid, 'SIGCONT')
    this.#frozenOrphans = []
  }

  /** Shuts all processes down gracefully; resolves when they have exited or been killed. */
  end(reason: ShutdownMessage['reason']): Promise<void> {
    this.#ending ??= this.#end(reason)
    return this.#ending
  }

  async #end(reason: ShutdownMessage['reason']): Promise<void> {
    const hasExtensions = this.#options.registry.size > 0
    if (hasExtensions) this.thaw()
    const flush = (): Promise<void> => withDeadline(lastFlushMs, Promise.resolve(this.#options.flush()))
    await shutDown({ runtime: this.#runtime, external: this.#external, hasExtensions, flush }, reason)
    if (this.#running === 0) this.#finish()
  }

  async #startExtensions(extensions: readonly Extension[]): Promise<void> {
    const output = await this.#options.openOutput()
    if (this.#ending !== undefined) return
    this.#running = extensions.length
    for (const extension of extensions) this.#external.set(extension, this.#startExtension(extension, output))
  }

  #launch(extension: Extension, options: RuntimeProcessOptions): ProcessGroup {
    if (this.#external.size < maxExtensions) return startExtensionProcess(extension.name, this.#options.folder, options)
    return noProcess({ code: null, signal: null, launchError: tooMany }, options.onExit)
  }

  #startExtension(extension: Extension, output: number): RunningProcess {
    return new RunningProcess(
      (onExit) => this.#launch(extension, { ...this.#options, output, onExit }),
      (exit) => {
        if (exit.launchError !== undefined) extension.fail('LaunchError', launchErrorType(exit.launchError))
        else if (this.#ending === undefined) extension.leave()
        this.#onExit(() => extensionExitFault(exit))
      },
    )
  }

  #onExit(findFault: () => Fault): void {
    this.#running--
    if (this.#ending === undefined && this.#external.size > 0) this.#options.onFault(findFault())
    if (this.#running === 0) this.#finish()
  }

  #finish(): void {
    if (this.#isOver) return
    this.#isOver = true
    const { ownsPidNamespace, onExit } = this.#options
    if (ownsPidNamespace) void endOrphans().then(() => onExit(this.#runtimeExit))
    else onExit(this.#runtimeExit)
  }

  #all(): RunningProcess[] {
    const external = [...this.#external.values()]
    return this.#runtime === undefined ? external : [this.#runtime, ...external]
  }
}

function launchErrorType(launchError: string): string {
  if (launchError === tooMany) return 'TooManyExtensions'
  return launchError.endsWith('permission denied') ? 'PermissionDenied' : 'UnknownError'
}
