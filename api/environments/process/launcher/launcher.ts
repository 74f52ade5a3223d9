import { chmod, mkdir, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { elfProgram, type Data, type Machine, type SystemCall } from './elf.ts'
import type { ResourceLimit } from './limits.ts'
import { systemCallFilter } from './system-call-filter.ts'

/** The descriptor on which the supervisor looks up who its clients are. */
export const lookupDescriptor = 4

/** Exit codes of the launcher, for each step that must not fail. */
const [privilegesFailed, filterFailed] = [101, 102]

interface Numbers {
  readonly close: number
  readonly socket: number
  readonly setsockopt: number
  readonly prctl: number
  readonly prlimit64: number
  readonly seccomp: number
}

const numbers: Readonly<Record<Machine, Numbers>> = {
  x64: { close: 3, socket: 41, setsockopt: 54, prctl: 157, prlimit64: 302, seccomp: 317 },
  arm64: { close: 57, socket: 198, setsockopt: 208, prctl: 167, prlimit64: 261, seccomp: 277 },
}

const [familyNetlink, socketRaw, netlinkSocketDiagnosis] = [16, 3, 4]
const [levelSocket, receiveTimeout] = [1, 20]
const [dropCapability, setNoNewPrivileges] = [24, 38]
/** The second does without mitigations that slow down compiled code and that newer kernels leave out, too. */
const [setFilter, withoutMitigations] = [1, 4]
/**
 * What a supervisor that runs as root needs: to start processes as the function's user (6, 7), to end them (5), to see their
 * memory and connections (19), and to make the kernel prefer them when memory runs out (1).
 */
const keptCapabilities = [1, 5, 6, 7, 19]
const possibleCapabilities = Array.from({ length: 64 }, (_, capability) => capability)

/** What a launcher does. */
export interface LauncherOptions {
  readonly limits: readonly ResourceLimit[]
  /** Whether functions get no new privileges, and supervisors few capabilities. */
  readonly isConfined: boolean
  /** Whether system calls that containers are denied are denied; only with `isConfined`. */
  readonly hasFilter?: boolean
}

/**
 * What is done before a supervisor starts that neither Node.js nor every machine's shell tools can do. Its functions inherit it.
 *
 * 1. open      the socket for looking up the owners of connections, which is inherited as `lookupDescriptor`
 * 2. limit     resources, as on AWS                                                limits.ts
 * 3. give up   capabilities that a supervisor which runs as root does not need
 * 4. forbid    new privileges
 * 5. filter    system calls                                                        system-call-filter.ts
 */
function launcherCalls(machine: Machine, { limits, isConfined, hasFilter }: LauncherOptions): SystemCall[] {
  const { close, socket, setsockopt, prctl, prlimit64, seccomp } = numbers[machine]
  const call = (number: number, values: readonly (number | Data)[], exitCode = 0): SystemCall => {
    return { number, arguments: values, exitCode }
  }
  const given = possibleCapabilities.filter((capability) => !keptCapabilities.includes(capability))
  return [
    // The lowest free descriptor is the one that the next socket gets.
    call(close, [lookupDescriptor]),
    call(socket, [familyNetlink, socketRaw, netlinkSocketDiagnosis]),
    call(setsockopt, [lookupDescriptor, levelSocket, receiveTimeout, words([1n, 0n]), 16]),
    ...limits.map(({ resource, soft, hard }) => call(prlimit64, [0, resource, words([soft, hard]), 0])),
    ...(isConfined
      ? [
          // Not permitted, and not needed, without the rights of root.
          ...given.map((capability) => call(prctl, [dropCapability, capability, 0, 0, 0])),
          call(prctl, [setNoNewPrivileges, 1, 0, 0, 0], privilegesFailed),
        ]
      : []),
    ...(hasFilter === true ? [call(seccomp, [setFilter, withoutMitigations, filterOf(machine)], filterFailed)] : []),
  ]
}

/** `struct sock_fprog`: the number of instructions, and where they are. */
function filterOf(machine: Machine): Data {
  const program = systemCallFilter(machine)
  return { ...words([BigInt(program.length / 8), 0n]), addresses: [{ at: 8, of: { bytes: program } }] }
}

/** Writes the launcher beside the supervisor and answers its file; undefined on machines that there is none for. */
export async function buildLauncher(folder: string, options: LauncherOptions): Promise<string | undefined> {
  const machine = process.arch
  if (process.platform !== 'linux' || (machine !== 'x64' && machine !== 'arm64')) return undefined
  const file = join(folder, options.isConfined ? 'launcher' : 'plain-launcher')
  await mkdir(folder, { recursive: true })
  // Renamed into place, so that a file which is being executed is not written to.
  const draft = join(dirname(file), `.${basename(file)}.${String(process.pid)}`)
  await writeFile(draft, elfProgram(machine, launcherCalls(machine, options)))
  await chmod(draft, 0o755)
  await rename(draft, file)
  return file
}

/** Whole numbers of 64 bits. */
function words(values: readonly bigint[]): Data {
  const bytes = Buffer.alloc(values.length * 8)
  values.forEach((value, index) => bytes.writeBigUInt64LE(value, index * 8))
  return { bytes }
}
