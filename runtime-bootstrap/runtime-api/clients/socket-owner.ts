import { readFileSync, readSync, writeSync } from 'node:fs'

/** One end of a TCP connection on this machine. */
export interface Endpoint {
  /** An IPv4 address. */
  readonly address: string
  readonly port: number
}

/** Who holds a socket, in the ids of this process's user namespace. */
export interface SocketOwner {
  readonly uid: number
  /** The number of the socket in links of `/proc/PID/fd`; 0 when no process holds it any more. */
  readonly inode: number
}

/** Finds the socket whose own end is `local`; undefined when there is none. */
export type FindSocketOwner = (local: Endpoint, remote: Endpoint) => SocketOwner | undefined

/** Looks up owners through the descriptor of a netlink socket, in some microseconds, or else in the tables of `/proc`. */
export function socketOwners(descriptor: number | undefined): FindSocketOwner {
  let isUsable = descriptor !== undefined
  return (local, remote) => {
    const found = isUsable ? askKernel(descriptor ?? -1, local, remote) : undefined
    if (found !== undefined) return found
    const listed = findInTables(local, remote)
    // The kernel knows the socket and does not answer: it lacks the module for such questions.
    if (listed !== undefined) isUsable = false
    return listed
  }
}

/** Message types and sizes of `linux/netlink.h`, `linux/sock_diag.h` and `linux/inet_diag.h`. */
const [socketDiagnosis, isRequest, familyIpv4, protocolTcp] = [20, 1, 2, 6]
const [headerBytes, requestBytes, replyBytes] = [16, 72, 88]
const [anyState, noCookie] = [0xffff_ffff, 0xffff_ffff]

function askKernel(descriptor: number, local: Endpoint, remote: Endpoint): SocketOwner | undefined {
  const reply = Buffer.alloc(1024)
  try {
    writeSync(descriptor, encodeRequest(local, remote))
    const length = readSync(descriptor, reply)
    const isFound = length >= replyBytes && reply.readUInt16LE(4) === socketDiagnosis
    // A socket that listens on this port is answered, too.
    if (!isFound || reply.readUInt16BE(headerBytes + 4) !== local.port) return undefined
    if (reply.readUInt16BE(headerBytes + 6) !== remote.port) return undefined
    return { uid: reply.readUInt32LE(80), inode: reply.readUInt32LE(84) }
  } catch {
    return undefined
  }
}

function encodeRequest(local: Endpoint, remote: Endpoint): Buffer {
  const request = Buffer.alloc(requestBytes)
  request.writeUInt32LE(requestBytes, 0)
  request.writeUInt16LE(socketDiagnosis, 4)
  request.writeUInt16LE(isRequest, 6)
  request.writeUInt8(familyIpv4, headerBytes)
  request.writeUInt8(protocolTcp, headerBytes + 1)
  request.writeUInt32LE(anyState, headerBytes + 4)
  request.writeUInt16BE(local.port, headerBytes + 8)
  request.writeUInt16BE(remote.port, headerBytes + 10)
  request.set(bytesOf(local.address), headerBytes + 12)
  request.set(bytesOf(remote.address), headerBytes + 28)
  request.writeUInt32LE(noCookie, headerBytes + 48)
  request.writeUInt32LE(noCookie, headerBytes + 52)
  return request
}

function bytesOf(address: string): number[] {
  return address.split('.').map(Number)
}

const tables = [
  { path: '/proc/net/tcp', prefix: '' },
  // A client may use an IPv6 socket for an IPv4 address, as Java does.
  { path: '/proc/net/tcp6', prefix: '0000000000000000FFFF0000' },
]

/** Reads the tables of all connections, which takes milliseconds. */
function findInTables(local: Endpoint, remote: Endpoint): SocketOwner | undefined {
  for (const { path, prefix } of tables) {
    const text = readText(path)
    const start = text.indexOf(` ${entryOf(local, prefix)} ${entryOf(remote, prefix)} `)
    if (start < 0) continue
    const [, , , , , , , uid, , inode] = text.slice(start, text.indexOf('\n', start)).split(/\s+/)
    return { uid: Number(uid), inode: Number(inode) }
  }
  return undefined
}

function entryOf({ address, port }: Endpoint, prefix: string): string {
  const bytes = bytesOf(address).toReversed()
  const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0')
  return `${prefix}${bytes.map((byte) => hex(byte, 2)).join('')}:${hex(port, 4)}`
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
