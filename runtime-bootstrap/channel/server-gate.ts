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
  /** How long the environment waits for a server, at first and whenever one is lost. */
  readonly orphanMs: number
  readonly status: () => EnvironmentStatus
  readonly receive: (frame: Frame<ServerMessage>) => void
  /** No server came in time, or the port cannot be had. */
  readonly onOrphaned: (reason: string) => void
}

/** The way to whichever server is connected now. */
export interface ServerGate {
  /** `isDroppable` frames are thrown away when the server does not keep up. */
  write(bytes: Buffer, isDroppable: boolean): void
  /** Sends what is left and hangs up. */
  end(goOn: () => void): void
  /** Resolves with the port once servers can connect. */
  readonly listening: Promise<number>
}

/** More than this unsent means that the server does not keep up; log lines are thrown away then. */
const maxUnsentBytes = 8 * 1024 * 1024
/** Log lines kept for the next server while there is none. */
const maxKeptBytes = 256 * 1024
/** Who has not proved anything may say this much, for this long, and be this many. */
const maxHelloBytes = 1024
const helloMs = 5_000
const maxStrangers = 32
const keepAliveMs = 5_000

/** A connection that has proved nothing yet. */
interface Stranger {
  readonly nonce: string
  saidBytes: number
  readonly deadline: NodeJS.Timeout
}

/**
 * Lets one server at a time in, by proof of the environment's key. A newer one replaces the one before it; one with an older
 * token is refused. Without a server the environment lives on for a while.
 */
export function openServerGate(options: GateOptions): ServerGate {
  return new Gate(options)
}

class Gate implements ServerGate {
  readonly listening: Promise<number>
  readonly #options: GateOptions
  readonly #strangers = new Map<Socket, Stranger>()
  #current: Socket | undefined
  #newestToken = 0
  #kept: Buffer[] = []
  #keptBytes = 0
  #orphan: NodeJS.Timeout | undefined

  constructor(options: GateOptions) {
    this.#options = options
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#meet(socket))
    this.listening = listen(server, options)
    this.#awaitServer()
  }

  write(bytes: Buffer, isDroppable: boolean): void {
    const current = this.#current
    if (current !== undefined) {
      if (!isDroppable || current.writableLength < maxUnsentBytes) current.write(bytes)
    } else if (isDroppable && this.#keptBytes + bytes.length <= maxKeptBytes) {
      this.#kept.push(bytes)
      this.#keptBytes += bytes.length
    }
  }

  end(goOn: () => void): void {
    if (this.#current === undefined) goOn()
    else this.#current.end(goOn)
  }

  #meet(socket: Socket): void {
    if (this.#strangers.size >= maxStrangers) return void socket.destroy()
    const nonce = randomBytes(16).toString('hex')
    const deadline = setTimeout(() => socket.destroy(), helloMs)
    this.#strangers.set(socket, { nonce, saidBytes: 0, deadline })
    const decode = frameDecoder<ServerMessage>((frame) => this.#hear(socket, frame))
    socket.on('data', (chunk) => {
      if (this.#mayGoOn(socket, chunk.length)) this.#decode(socket, decode, chunk)
    })
    socket.on('error', () => undefined)
    socket.on('end', () => socket.destroy())
    socket.on('close', () => this.#lose(socket))
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    socket.write(encodeFrame({ type: 'challenge', nonce }))
  }

  #mayGoOn(socket: Socket, bytes: number): boolean {
    const stranger = this.#strangers.get(socket)
    if (stranger !== undefined && (stranger.saidBytes += bytes) > maxHelloBytes) socket.destroy()
    return !socket.destroyed
  }

  /** What a stranger says may be anything. */
  #decode(socket: Socket, decode: (chunk: Buffer) => void, chunk: Buffer): void {
    try {
      decode(chunk)
    } catch (error) {
      if (this.#current === socket) throw error
      socket.destroy()
    }
  }

  #hear(socket: Socket, frame: Frame<ServerMessage>): void {
    if (this.#current === socket) return this.#options.receive(frame)
    const stranger = this.#strangers.get(socket)
    const { message } = frame
    if (stranger === undefined || !isWelcome(message, this.#options.key, stranger.nonce, this.#newestToken)) {
      return void socket.destroy()
    }
    this.#forget(socket, stranger)
    this.#admit(socket, message.token)
  }

  #admit(socket: Socket, token: number): void {
    this.#newestToken = token
    clearTimeout(this.#orphan)
    this.#current?.end(encodeFrame({ type: 'replaced' }))
    this.#current = socket
    socket.write(
      Buffer.concat([encodeFrame({ type: 'welcome', ...this.#options.status(), answersPings: true }), ...this.#kept]),
    )
    this.#kept = []
    this.#keptBytes = 0
  }

  #lose(socket: Socket): void {
    const stranger = this.#strangers.get(socket)
    if (stranger !== undefined) this.#forget(socket, stranger)
    if (this.#current !== socket) return
    this.#current = undefined
    this.#awaitServer()
  }

  #forget(socket: Socket, { deadline }: Stranger): void {
    clearTimeout(deadline)
    this.#strangers.delete(socket)
  }

  #awaitServer(): void {
    clearTimeout(this.#orphan)
    this.#orphan = setTimeout(() => this.#options.onOrphaned('no server came for it'), this.#options.orphanMs)
  }
}

function isWelcome(
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
    server.once('error', (error) => onOrphaned(`its port cannot be opened: ${error.message}`))
    server.listen(port, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
