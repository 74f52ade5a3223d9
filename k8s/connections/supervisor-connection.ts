import { createConnection, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { proofOf } from '../../runtime-bootstrap/protocol/key-proof.ts'
import {
  encodeFrame,
  frameDecoder,
  type ChallengeMessage,
  type EnvironmentStatus,
  type SupervisorMessage,
  type WelcomeMessage,
} from '../../runtime-bootstrap/protocol/protocol.ts'

export interface ConnectOptions {
  readonly address: string
  readonly port: number
  readonly key: string
  readonly token: number
  readonly deadlineMs: number
  readonly signal?: AbortSignal
}

/** An authenticated connection to a supervisor. */
export interface Connected {
  readonly socket: Socket
  readonly status: EnvironmentStatus
  readonly answersPings: boolean
}

const retryMs = 10
const requestTimeoutMs = 5_000
const keepAliveMs = 5_000

/** Connects to a supervisor that may not listen yet, and authenticates. */
export async function connectSupervisor(options: ConnectOptions): Promise<Connected> {
  const endMs = performance.now() + options.deadlineMs
  for (;;) {
    options.signal?.throwIfAborted()
    try {
      return await authenticate(await open(options), options)
    } catch (cause) {
      if (!isWorthRetrying(cause) || performance.now() > endMs) throw cause
    }
    await delay(retryMs, undefined, { ref: false })
  }
}

function isWorthRetrying(cause: unknown): boolean {
  const code = (cause as NodeJS.ErrnoException).code
  return code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH'
}

function open({ address, port }: ConnectOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({
      host: address,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
    })
    const deadline = setTimeout(() => socket.destroy(new Error(`${address} did not answer`)), requestTimeoutMs)
    socket.once('error', (cause) => {
      clearTimeout(deadline)
      reject(cause)
    })
    socket.once('connect', () => {
      clearTimeout(deadline)
      socket.on('error', () => undefined)
      resolve(socket)
    })
  })
}

async function authenticate(socket: Socket, { key, token }: ConnectOptions): Promise<Connected> {
  const challenge = await nextMessage<ChallengeMessage>(socket, 'challenge')
  socket.write(encodeFrame({ type: 'hello', token, proof: proofOf(key, challenge.nonce, token) }))
  const welcome = await nextMessage<WelcomeMessage>(socket, 'welcome')
  return {
    socket,
    status: { state: welcome.state, ...(welcome.key === undefined ? {} : { key: welcome.key }) },
    answersPings: welcome.answersPings === true,
  }
}

/** Reads one frame and unshifts the bytes that follow it. */
function nextMessage<Message extends SupervisorMessage>(socket: Socket, type: Message['type']): Promise<Message> {
  return new Promise((resolve, reject) => {
    const fail = (): void => finish(() => reject(new Error('The supervisor did not authenticate this server')))
    const deadline = setTimeout(() => {
      fail()
      socket.destroy()
    }, requestTimeoutMs)
    const finish = (end: () => void): void => {
      clearTimeout(deadline)
      socket.removeListener('readable', read).removeListener('close', fail)
      end()
    }
    let received: Buffer = Buffer.alloc(0)
    const read = (): void => {
      const bytes = socket.read() as Buffer | null
      if (bytes === null) return
      received = Buffer.concat([received, bytes])
      let first: SupervisorMessage | undefined
      try {
        frameDecoder<SupervisorMessage>(({ message }) => (first ??= message))(received)
      } catch {
        fail()
        return void socket.destroy()
      }
      if (first === undefined) return
      const rest = received.subarray(8 + received.readUInt32BE(0) + received.readUInt32BE(4))
      if (rest.length > 0) socket.unshift(rest)
      const found = first
      finish(() => {
        if (found.type === type) return resolve(found as Message)
        socket.destroy()
        reject(new Error(`The supervisor sent ${found.type} instead of ${type}`))
      })
    }
    socket.on('readable', read).once('close', fail)
    read()
  })
}
