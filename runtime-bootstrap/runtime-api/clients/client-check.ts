import { readdirSync, readlinkSync } from 'node:fs'
import type { Socket } from 'node:net'
import { socketOwners, type FindSocketOwner, type SocketOwner } from './socket-owner.ts'

/** Whose connections an environment takes. */
export interface AllowedClients {
  /**
   * `processes`: those of the processes that this PID namespace holds; else those of the user with this id. Only root needs an
   * id that is not its own.
   */
  readonly of: 'processes' | number
  /** The descriptor of a netlink socket for lookups; the tables of `/proc` are read without it. */
  readonly lookupDescriptor?: number | undefined
}

/** A client that is not of the environment. */
export interface ForeignClient {
  /** Its user, if its socket was found. */
  readonly uid?: number
}

/** Tells clients that are not of the environment; undefined for the environment's own. */
export type CheckClient = (socket: Socket) => ForeignClient | undefined

/** Checks once for each connection which process or user is at its other end. */
export function clientCheck({ of, lookupDescriptor }: AllowedClients): CheckClient {
  const findOwner: FindSocketOwner = socketOwners(lookupDescriptor)
  return ({ remoteAddress, remotePort, localAddress, localPort }) => {
    if (remotePort === undefined || localPort === undefined) return {}
    const local = { address: remoteAddress ?? '', port: remotePort }
    const owner = findOwner(local, { address: localAddress ?? '', port: localPort })
    if (owner === undefined) return {}
    const isOwn = of === 'processes' ? isHeldHere(owner) : owner.uid === of
    return isOwn ? undefined : { uid: owner.uid }
  }
}

/** Whether a process of this PID namespace holds the socket: only those are in this `/proc`. */
function isHeldHere({ inode, uid }: SocketOwner): boolean {
  if (inode === 0) return false
  const target = `socket:[${String(inode)}]`
  const hidden: string[] = []
  for (const pid of list('/proc')) {
    if (!/^\d/.test(pid) || pid === String(process.pid)) continue
    const descriptors = list(`/proc/${pid}/fd`, () => hidden.push(pid))
    if (descriptors.some((descriptor) => targetOf(`/proc/${pid}/fd/${descriptor}`) === target)) return true
  }
  // A program whose file is not readable hides its descriptors from other processes of its user.
  return hidden.length > 0 && uid === process.getuid?.()
}

function list(path: string, onRefused: () => unknown = () => undefined): string[] {
  try {
    return readdirSync(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EACCES') onRefused()
    return []
  }
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
