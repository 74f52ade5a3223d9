import { accessSync, closeSync, constants, openSync, readdirSync, readSync } from 'node:fs'

/**
 * Throws ENOEXEC for a file that Linux cannot execute: neither a script with a shebang nor a program for this machine. Node.js
 * would run it in a shell, which AWS does not do. A missing or non-executable file fails at its start.
 */
export function refuseForeignProgram(path: string): void {
  if (process.platform !== 'linux') return
  const head = headOf(path)
  if (head === undefined || isScript(head) || (isElf(head) && (isForThisMachine(head) || emulatesOthers()))) return
  throw Object.assign(new Error(`ENOEXEC: exec format error, ${path}`), { code: 'ENOEXEC', path })
}

/** ELF machine numbers by Node.js' names, including the 32-bit ones that the same processors run. */
const machines: Readonly<Record<string, readonly number[]>> = { x64: [62, 3], arm64: [183, 40] }
const machineAt = 18
const headBytes = 20

function headOf(path: string): Buffer | undefined {
  let file: number | undefined
  try {
    accessSync(path, constants.X_OK)
    file = openSync(path, 'r')
    const head = Buffer.alloc(headBytes)
    readSync(file, head)
    return head
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function isScript(head: Buffer): boolean {
  return head.toString('latin1', 0, 2) === '#!'
}

function isElf(head: Buffer): boolean {
  return head.toString('latin1', 0, 4) === '\x7fELF'
}

function isForThisMachine(head: Buffer): boolean {
  const own = machines[process.arch]
  return own === undefined || own.includes(head.readUInt16LE(machineAt))
}

/** Whether binfmt_misc has handlers, such as emulators of other machines. */
function emulatesOthers(): boolean {
  try {
    return readdirSync('/proc/sys/fs/binfmt_misc').some((name) => name !== 'register' && name !== 'status')
  } catch {
    return false
  }
}
