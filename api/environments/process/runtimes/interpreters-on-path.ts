import { accessSync, closeSync, constants, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** What the commands of interpreters are called: `node`, `node20`, `node-20`, `python3.12`, `ruby` and the like. */
const interpreterName = /^(?:node-?|python3|ruby)[\d.]*$/

/** An interpreter's program, or a command that starts one which is elsewhere. */
export interface InterpreterCommand {
  /** As it is found on PATH. */
  readonly path: string
  /** The program itself, without symbolic links; absent where the command is a script, or another program that starts it. */
  readonly program?: string
}

/**
 * All commands of this name on PATH, or all interpreters: npm and version managers put theirs in front of others. Where the command of
 * a version manager only starts an interpreter, those that it has installed follow.
 */
export function interpretersOnPath(searchPath: string, name?: string): InterpreterCommand[] {
  const folders = searchPath.split(':').filter((folder) => folder.startsWith('/'))
  const isWanted = (each: string) => (name === undefined ? isInterpreterName(each) : each === name)
  const found = new Map<string, InterpreterCommand>()
  for (const folder of new Set(folders)) {
    const commands = commandsIn(folder, isWanted)
    const starters = commands.filter(({ program }) => program === undefined)
    const installed = starters.length === 0 ? [] : installedBeside(folder).flatMap((bin) => commandsIn(bin, isWanted))
    for (const command of [...commands, ...installed]) {
      const identity = command.program ?? command.path
      if (!found.has(identity)) found.set(identity, command)
    }
  }
  return [...found.values()]
}

export function isInterpreterName(name: string): boolean {
  return interpreterName.test(name)
}

/** Where pyenv and rbenv, asdf and mise, and Volta keep what their commands start. */
const layouts = ['versions/*/bin', 'installs/*/*/bin', 'tools/image/*/*/bin']

function installedBeside(folder: string): string[] {
  return layouts.flatMap((layout) =>
    layout
      .split('/')
      .reduce<string[]>(
        (paths, part) =>
          paths.flatMap((path) => (part === '*' ? namesIn(path).map((each) => join(path, each)) : [join(path, part)])),
        [dirname(folder)],
      ),
  )
}

function commandsIn(folder: string, isWanted: (name: string) => boolean): InterpreterCommand[] {
  return namesIn(folder)
    .filter((name) => isWanted(name))
    .flatMap((name) => commandAt(join(folder, name)))
}

function commandAt(path: string): InterpreterCommand[] {
  try {
    accessSync(path, constants.X_OK)
    if (!statSync(path).isFile()) return []
    const program = realpathSync(path)
    return [isInterpreterName(basename(program)) && !isScript(program) ? { path, program } : { path }]
  } catch {
    // Not for this user, or a link that leads nowhere.
    return []
  }
}

function isScript(file: string): boolean {
  const opened = openSync(file, 'r')
  try {
    const start = Buffer.alloc(2)
    readSync(opened, start)
    return start.toString() === '#!'
  } finally {
    closeSync(opened)
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
