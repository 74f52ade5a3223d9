import { readFileSync } from 'node:fs'
import { release } from 'node:os'

/** One resource limit: its number in `setrlimit`, the soft and the hard limit. */
export interface ResourceLimit {
  readonly resource: number
  readonly soft: bigint
  readonly hard: bigint
}

const unlimited = 2n ** 64n - 1n

/** The limits of functions on AWS (reference 13.4), by their names in `/proc/self/limits`; all others are unlimited there. */
const limits = [
  { name: 'Max stack size', resource: 3, soft: 8_388_608n, hard: unlimited },
  { name: 'Max core file size', resource: 4, soft: 10_737_418_240n, hard: 10_737_418_240n },
  { name: 'Max processes', resource: 6, soft: 742n, hard: 742n },
  { name: 'Max open files', resource: 7, soft: 1024n, hard: 1024n },
  { name: 'Max locked memory', resource: 8, soft: 65_536n, hard: 65_536n },
]
const processes = 6

/**
 * The limits of functions, as far as this process may set them. Processes are counted for each user, so that `areUsersAlone`
 * must hold: no other processes have the user of an environment.
 */
export function functionLimits(areUsersAlone: boolean, own = readLimits()): ResourceLimit[] {
  return limits
    .filter(({ resource }) => resource !== processes || areUsersAlone)
    .map(({ name, resource, soft, hard }) => {
      const most = own.get(name) ?? unlimited
      return { resource, soft: least(soft, most), hard: least(hard, most) }
    })
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other
}

/** The hard limits of this process. */
function readLimits(): ReadonlyMap<string, bigint> {
  const rows = readFileSync('/proc/self/limits', 'utf8').split('\n').slice(1)
  const found = rows.map((row) => {
    const name = row.slice(0, 26).trim()
    const hard = row.slice(47, 68).trim()
    return [name, /^\d+$/.test(hard) ? BigInt(hard) : unlimited] as const
  })
  return new Map(found)
}

/** Whether this kernel counts the processes of a user in each user namespace apart, which it does since Linux 5.14. */
export function countsProcessesByNamespace(version = release()): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 5 || (major === 5 && minor >= 14)
}
