import { readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { isInterpreterName } from '../runtimes/interpreters-on-path.ts'

/** Folders that functions never see whole, however an interpreter comes to be in them. */
export type IsPrivate = (folder: string) => boolean

/** Whether a folder is one of these or above one of them. */
export function privateFolders(folders: readonly string[]): IsPrivate {
  return (folder) => folders.some((each) => isWithin(each, folder))
}

/** The homes of the people who use this machine, and of who runs the server. */
export function homeFolders(): string[] {
  const users = readUsers().filter(({ uid }) => uid === 0 || (uid >= 1000 && uid < 65_534))
  const homes = [...users.map(({ home }) => home), homedir()]
  return homes.filter((home) => home.startsWith('/') && home !== '/')
}

function readUsers(): { uid: number; home: string }[] {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
    return lines.map((line) => line.split(':')).map((fields) => ({ uid: Number(fields[2]), home: fields[5] ?? '' }))
  } catch {
    return []
  }
}

/**
 * What belongs to an interpreter, and no more: the folder that holds its `bin` and its libraries, else a `bin` of interpreters
 * alone, else only the file. Links are resolved already.
 */
export function installationOf(program: string, isPrivate: IsPrivate): string {
  const folder = dirname(program)
  const prefix = dirname(folder)
  if (basename(folder) !== 'bin' || isPrivate(prefix)) return program
  const homebrew = /^(.+)\/Cellar\//.exec(prefix)?.[1]
  // Its programs share libraries that are installed beside them.
  if (homebrew !== undefined && !isPrivate(homebrew)) return homebrew
  if (holdsLibraries(prefix)) return prefix
  return readdirSync(folder).every(isInterpreterName) ? folder : program
}

/** A Python environment that the interpreter at this path belongs to: its packages are the interpreter's, too. */
export function virtualEnvironmentOf(path: string, isPrivate: IsPrivate): string[] {
  const prefix = dirname(dirname(path))
  return !isPrivate(prefix) && namesIn(prefix).includes('pyvenv.cfg') ? [prefix] : []
}

const libraries = /^(?:node_modules|python3(?:\.\d+)?|ruby|lib(?:node|python3|ruby).*)$/

function holdsLibraries(prefix: string): boolean {
  return namesIn(join(prefix, 'lib')).some((name) => libraries.test(name))
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}
