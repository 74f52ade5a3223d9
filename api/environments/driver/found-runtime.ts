import { dirname } from 'node:path'

/** How this machine starts one runtime. */
export interface FoundRuntime {
  readonly identifier: string
  readonly family: 'nodejs' | 'python' | 'ruby' | 'provided'
  /** `24`, `3.12` and the like, as the identifier says. */
  readonly version: string
  /** The start command's interpreter, its real file; absent for `provided.*`. */
  readonly interpreter?: string
  /** The version of the interpreter found. */
  readonly interpreterVersion?: string
  /** File of the runtime client, below the folder of clients. */
  readonly client?: string
  /** The memory size that its interpreter is started for, MB; absent where that makes no difference. */
  readonly memoryMb?: number
  /** Set when the interpreter's version is not the runtime's. */
  readonly warning?: string
}

/** The runtime as it is started for functions of this memory size: Node.js has to know how large its heap may be. */
export function ofSize(runtime: FoundRuntime, memoryMb: number): FoundRuntime {
  return runtime.family === 'nodejs' ? { ...runtime, memoryMb } : runtime
}

/** Where a runtime's PATH starts: beside its interpreter, so that `node` or `pip` there are its own. */
export function interpreterFolder(runtime: FoundRuntime): string | undefined {
  return runtime.interpreter === undefined ? undefined : dirname(runtime.interpreter)
}
