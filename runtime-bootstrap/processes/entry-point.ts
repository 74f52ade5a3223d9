import { accessSync, constants, statSync } from 'node:fs'
import type { Assignment } from '../protocol/protocol.ts'

/** The command to start, or why there is none. */
export type EntryPoint =
  { readonly command: readonly string[] } | { readonly error: string } | { readonly exitCode: number }

/** The bootstrap of managed runtimes' images, AWS's and ours. It applies the wrapper script itself. */
const imagesBootstrap = '/var/runtime/bootstrap'

/**
 * Finds the start command: that of a managed runtime, prefixed with the function's wrapper script if it has one, or the
 * function's own `bootstrap` from the package or else the layers.
 */
export function findEntryPoint({ command, codeFolder, layerFolder, variables, isImage }: Assignment): EntryPoint {
  const wrapsItself = isImage === true || command[0] === imagesBootstrap
  if (command.length > 0) return wrapsItself ? { command } : wrapped(command, variables['AWS_LAMBDA_EXEC_WRAPPER'])
  const candidates = [
    [`${codeFolder}/bootstrap`, '/var/task/bootstrap'],
    [`${layerFolder ?? '/opt'}/bootstrap`, '/opt/bootstrap'],
  ] as const
  const found = candidates.find(([file]) => isFile(file))
  if (found === undefined) return { error: "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]" }
  const [file, name] = found
  return isExecutable(file) ? { command: [file] } : { error: `fork/exec ${name}: permission denied` }
}

function wrapped(command: readonly string[], wrapper: string | undefined): EntryPoint {
  if (wrapper === undefined || wrapper === '') return { command }
  // The shell script that starts AWS's runtimes exits with these codes.
  if (!isFile(wrapper)) return { exitCode: 127 }
  return isExecutable(wrapper) ? { command: [wrapper, ...command] } : { exitCode: 126 }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
