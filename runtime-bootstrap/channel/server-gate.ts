import { randomBytes } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { isProof } from '../protocol/key-proof.ts'
import {
  encodeFrame,
  frameDecoder,
  type EnvironmentStatus,
  type Frame,
  type ServerMessage,
} from '../protocol/protocol.ts'

export interface GateOptions {
  readonly key: string
  readonly port: number
  /** How long the environment waits for a server, at first and whenever a connection is lost. */
  readonly orphanMs: number
  readonly status: () => EnvironmentStatus
  readonly receive: (frame: Frame<ServerMessage>) => void
  /** No server connected in time, or the port cannot be opened. */
  readonly onOrphaned: (reason: string) => void
}

/** The connection to the current server. */
export interface ServerGate {
  /** `isDroppable` frames are dropped when the server is too slow. */
  write(bytes: Buffer, isDroppable: boolean): void
  /** Flushes and closes the connection. */
  end(callback: () => void): void
  /** Resolves with the port once servers can connect. */
  readonly listening: Promise<number>
}

/** Above this many unsent bytes the server is too slow: log lines are dropped. */
const maxUnsentBytes = 8 * 1024 * 1024
/** Log lines buffered for the next server while none is connected. */
const maxBufferedLogBytes = 256 * 1024
/** Limits of connections that have not authenticated: bytes, time and number. */
const maxHelloBytes = 1024
const helloMs = 5_000
const maxPending = 32
const keepAliveMs = 5_000

/** A connection that has not authenticated yet. */
interface PendingConnection {
  readonly nonce: string
  receivedBytes: number
  readonly deadline: NodeJS.Timeout
}

/**
 * Accepts one server at a time, which authenticates with the environment's key. A newer server replaces the current one; an
 * older token is refused. Without a server the environment goes on running for a while.
 */
export function openServerGate(options: GateOptions): ServerGate {
  return new Gate(options)
}

class Gate implements ServerGate {
  readonly listening: Promise<number>
  readonly #options: GateOptions
  readonly #pending = new Map<Socket, PendingConnection>()
  #current: Socket | undefined
  #newestToken = 0
  #bufferedLog: Buffer[] = []
  #bufferedBytes = 0
  #orphanTimer: NodeJS.Timeout | undefined

  constructor(options: GateOptions) {
    this.#options = options
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#onConnection(socket))
    this.listening = listen(server, options)
    this.#startOrphanTimer()
  }

  write(bytes: Buffer, isDroppable: boolean): void {
    const current = this.#current
    if (current !== undefined) {
      if (!isDroppable || current.writableLength < maxUnsentBytes) current.write(bytes)
    } else if (isDroppable && this.#bufferedBytes + bytes.length <= maxBufferedLogBytes) {
      this.#bufferedLog.push(bytes)
      this.#bufferedBytes += bytes.length
    }
  }

  end(callback: () => void): void {
    if (this.#current === undefined) callback()
    else this.#current.end(callback)
  }

  #onConnection(socket: Socket): void {
    if (this.#pending.size >= maxPending) return void socket.destroy()
    const nonce = randomBytes(16).toString('hex')
    const deadline = setTimeout(() => socket.destroy(), helloMs)
    this.#pending.set(socket, { nonce, receivedBytes: 0, deadline })
    const decode = frameDecoder<ServerMessage>((frame) => this.#onFrame(socket, frame))
    socket.on('data', (chunk) => {
      if (this.#isWithinLimit(socket, chunk.length)) this.#decode(socket, decode, chunk)
    })
    socket.on('error', () => undefined)
    socket.on('end', () => socket.destroy())
    socket.on('close', () => this.#onClose(socket))
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    socket.write(encodeFrame({ type: 'challenge', nonce }))
  }

  #isWithinLimit(socket: Socket, bytes: number): boolean {
    const pending = this.#pending.get(socket)
    if (pending !== undefined && (pending.receivedBytes += bytes) > maxHelloBytes) socket.destroy()
    return !socket.destroyed
  }

  /** Malformed input from an unauthenticated peer closes its connection only. */
  #decode(socket: Socket, decode: (chunk: Buffer) => void, chunk: Buffer): void {
    try {
      decode(chunk)
    } catch (error) {
      if (this.#current === socket) throw error
      socket.destroy()
    }
  }

  #onFrame(socket: Socket, frame: Frame<ServerMessage>): void {
    if (this.#current === socket) return this.#options.receive(frame)
    const pending = this.#pending.get(socket)
    const { message } = frame
    if (pending === undefined || !isAuthenticated(message, this.#options.key, pending.nonce, this.#newestToken)) {
      return void socket.destroy()
    }
    this.#removePending(socket, pending)
    this.#admit(socket, message.token)
  }

  #admit(socket: Socket, token: number): void {
    this.#newestToken = token
    clearTimeout(this.#orphanTimer)
    this.#current?.end(encodeFrame({ type: 'replaced' }))
    this.#current = socket
    socket.write(
      Buffer.concat([
        encodeFrame({ type: 'welcome', ...this.#options.status(), answersPings: true }),
        ...this.#bufferedLog,
      ]),
    )
    this.#bufferedLog = []
    this.#bufferedBytes = 0
  }

  #onClose(socket: Socket): void {
    const pending = this.#pending.get(socket)
    if (pending !== undefined) this.#removePending(socket, pending)
    if (this.#current !== socket) return
    this.#current = undefined
    this.#startOrphanTimer()
  }

  #removePending(socket: Socket, { deadline }: PendingConnection): void {
    clearTimeout(deadline)
    this.#pending.delete(socket)
  }

  #startOrphanTimer(): void {
    clearTimeout(this.#orphanTimer)
    this.#orphanTimer = setTimeout(
      () => this.#options.onOrphaned('no server connected in time'),
      this.#options.orphanMs,
    )
  }
}

function isAuthenticated(
  message: ServerMessage,
  key: string,
  nonce: string,
  newestToken: number,
): message is ServerMessage & { type: 'hello' } {
  if (message.type !== 'hello' || !Number.isSafeInteger(message.token) || message.token < newestToken) return false
  return isProof(message.proof, key, nonce, message.token)
}

function listen(server: Server, { port, onOrphaned }: GateOptions): Promise<number> {
  return new Promise((resolve) => {
    server.once('error', (error) => onOrphaned(`its port could not be opened: ${error.message}`))
    server.listen(port, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
