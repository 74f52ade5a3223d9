import { chmod, mkdir, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { elfProgram, type Data, type Machine, type SystemCall } from './elf.ts'

/** The descriptor on which the supervisor looks up who its clients are. */
export const lookupDescriptor = 4

/** Exit codes of the launcher, for each step that must not fail. */
const [privilegesFailed] = [101]

interface Numbers {
  readonly close: number
  readonly socket: number
  readonly setsockopt: number
  readonly prctl: number
}

const numbers: Readonly<Record<Machine, Numbers>> = {
  x64: { close: 3, socket: 41, setsockopt: 54, prctl: 157 },
  arm64: { close: 57, socket: 198, setsockopt: 208, prctl: 167 },
}

const [familyNetlink, socketRaw, netlinkSocketDiagnosis] = [16, 3, 4]
const [levelSocket, receiveTimeout] = [1, 20]
const setNoNewPrivileges = 38

/**
 * What is done before a supervisor starts that neither Node.js nor every machine's shell tools can do. Its functions inherit it.
 *
 * 1. open     the socket for looking up the owners of connections, which is inherited as `lookupDescriptor`
 * 2. forbid   new privileges
 */
function launcherCalls(machine: Machine): SystemCall[] {
  const { close, socket, setsockopt, prctl } = numbers[machine]
  const call = (number: number, values: readonly (number | Data)[], exitCode = 0): SystemCall => {
    return { number, arguments: values, exitCode }
  }
  const second: Data = { bytes: words([1, 0]) }
  return [
    // The lowest free descriptor is the one that the next socket gets.
    call(close, [lookupDescriptor]),
    call(socket, [familyNetlink, socketRaw, netlinkSocketDiagnosis]),
    call(setsockopt, [lookupDescriptor, levelSocket, receiveTimeout, second, 16]),
    call(prctl, [setNoNewPrivileges, 1, 0, 0, 0], privilegesFailed),
  ]
}

/** Writes the launcher beside the supervisor and answers its file; undefined on machines that there is none for. */
export async function buildLauncher(folder: string): Promise<string | undefined> {
  const machine = process.arch
  if (process.platform !== 'linux' || (machine !== 'x64' && machine !== 'arm64')) return undefined
  const file = join(folder, 'launcher')
  await mkdir(folder, { recursive: true })
  // Renamed into place, so that a file which is being executed is not written to.
  const draft = join(dirname(file), `.${basename(file)}.${String(process.pid)}`)
  await writeFile(draft, elfProgram(machine, launcherCalls(machine)))
  await chmod(draft, 0o755)
  await rename(draft, file)
  return file
}

/** Whole numbers of 64 bits. */
function words(values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 8)
  values.forEach((value, index) => bytes.writeBigUInt64LE(BigInt(value), index * 8))
  return bytes
}
