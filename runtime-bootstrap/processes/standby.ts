import { readdirSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import type { OutputPipe } from '../logs/output-pipe.ts'
import { startProcessGroup, type ProcessExit, type ProcessGroup } from './process-group.ts'
import type { StandbyCommand } from '../protocol/standby-command.ts'

/** How to start a function's runtime. */
export interface RuntimeStart {
  readonly command: readonly string[]
  readonly folder: string
  readonly variables: NodeJS.ProcessEnv
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  /** The folders of the function and its layers. */
  readonly ownFolders: readonly string[]
}

/**
 * Variables that the system, its loader, a start script or an interpreter reads only when a process starts. A standby runtime
 * reads NODE_PATH and the like again.
 */
const readAtStart =
  /^(LD_|LC_|LANG|TZ|LOCPATH$|HOME$|MALLOC_|GLIBC_|UV_|OPENSSL_|SSL_|NODE_(?!ENV$|PATH$)|PYTHON|RUBY|BUNDLE|AWS_LAMBDA_EXEC_WRAPPER$)/

/** A runtime that is started in advance in a generic environment, for one initialisation at most, so that its interpreter is already up. */
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

  /** Makes it the function's runtime if it is equivalent to a new process; ends it otherwise. */
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

  /** Ends it, unless it has become a function's runtime. */
  end(): void {
    this.#isOver = true
    this.#group?.kill()
    this.#group = undefined
  }

  #isLike({ command, variables, user, ownFolders }: RuntimeStart): boolean {
    const own = this.#command
    if (user?.uid !== own.user?.uid || user?.gid !== own.user?.gid) return false
    if (command.join('\0') !== own.standsFor.join('\0')) return false
    const [given, known] = [new Map(Object.entries(variables)), new Map(Object.entries(own.variables))]
    const names = new Set([...given.keys(), ...known.keys()])
    const differs = (name: string): boolean => readAtStart.test(name) && given.get(name) !== known.get(name)
    return ![...names].some(differs) && !bringsLibraries(variables['LD_LIBRARY_PATH'] ?? '', ownFolders)
  }
}

/** Whether the library path has libraries of the function or its layers: the loader searches its folders only once. */
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
