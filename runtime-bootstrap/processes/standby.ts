import { readdirSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import type { OutputPipe } from '../logs/output-pipe.ts'
import { startProcessGroup, type ProcessExit, type ProcessGroup } from './process-group.ts'
import type { StandbyCommand } from '../protocol/standby-command.ts'

/** How a function's runtime is to be started. */
export interface RuntimeStart {
  readonly command: readonly string[]
  readonly folder: string
  readonly variables: NodeJS.ProcessEnv
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  /** Where the function's and its layers' files are. */
  readonly ownFolders: readonly string[]
}

/** What the system, its loader, a start script or an interpreter reads once, when a process starts. A runtime that waited reads NODE_PATH and the like anew. */
const readAtStart =
  /^(LD_|LC_|LANG|TZ|LOCPATH$|HOME$|MALLOC_|GLIBC_|UV_|OPENSSL_|SSL_|NODE_(?!ENV$|PATH$)|PYTHON|RUBY|BUNDLE|AWS_LAMBDA_EXEC_WRAPPER$)/

/** The runtime that waits in a generic environment, and serves one initialisation at most: the interpreter has started by then. */
export class Standby {
  readonly #command: StandbyCommand
  readonly #assignment = new PassThrough()
  #group: ProcessGroup | undefined
  #isOver = false
  #onExit: (exit: ProcessExit) => void = () => undefined

  constructor(standby: StandbyCommand, pipe: Promise<OutputPipe>) {
    this.#command = standby
    const { command, variables, user } = standby
    const start = ({ writeEnd: output }: OutputPipe): void => {
      if (this.#isOver) return
      const onExit = (exit: ProcessExit): void => {
        this.#isOver = true
        this.#onExit(exit)
      }
      this.#group = startProcessGroup({
        command,
        folder: '/',
        variables,
        user,
        output,
        input: this.#assignment,
        onExit,
      })
    }
    pipe.then(start, () => undefined)
  }

  /** Makes it the function's runtime, if that is as good as a start; ends it otherwise. */
  take(start: RuntimeStart, onExit: (exit: ProcessExit) => void): ProcessGroup | undefined {
    const group = this.#group
    if (group === undefined || this.#isOver || !this.#isLike(start)) {
      this.end()
      return undefined
    }
    this.#group = undefined
    this.#onExit = onExit
    const { folder, variables } = start
    this.#assignment.end(JSON.stringify({ folder, variables }))
    return group
  }

  /** Ends it, unless it is a function's runtime. */
  end(): void {
    this.#isOver = true
    this.#group?.kill()
    this.#group = undefined
  }

  #isLike({ command, variables, user, ownFolders }: RuntimeStart): boolean {
    const own = this.#command
    if (user?.uid !== own.user?.uid || user?.gid !== own.user?.gid) return false
    if (command.join('\0') !== own.standsFor.join('\0')) return false
    const names = new Set([...Object.keys(variables), ...Object.keys(own.variables)])
    const differs = (name: string): boolean => readAtStart.test(name) && variables[name] !== own.variables[name]
    return ![...names].some(differs) && !bringsLibraries(variables['LD_LIBRARY_PATH'] ?? '', ownFolders)
  }
}

/** Whether the function or its layers have libraries where the loader looks: it looks for folders once in a process. */
function bringsLibraries(searchPath: string, ownFolders: readonly string[]): boolean {
  const isOwn = (folder: string): boolean => ownFolders.some((own) => `${folder}/`.startsWith(`${own}/`))
  return searchPath.split(':').some((folder) => isOwn(folder) && hasLibrary(folder))
}

function hasLibrary(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => /\.so(\.|$)|^glibc-hwcaps$/.test(name))
  } catch {
    return false
  }
}
