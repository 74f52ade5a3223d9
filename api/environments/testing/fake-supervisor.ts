import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import {
  encodeFrame,
  frameDecoder,
  type Assignment,
  type InvokeMessage,
  type ServerMessage,
} from '../../../runtime-bootstrap/protocol/protocol.ts'

/** What an event may ask of the fake supervisor, which obeys instead of starting a runtime. */
interface Order {
  readonly sleepMs?: number
  /** Time between answer and the end of the invocation. */
  readonly finishMs?: number
  /** Ends the supervisor's process before it answers. */
  readonly crash?: boolean
  /** A command run as the function would be: its user, variables and working folder. */
  readonly shell?: string
}

const identity = randomUUID()
const channel = new Socket({ fd: 3, readable: true, writable: true })
let assignment: Assignment | undefined

async function run(message: InvokeMessage, body: Uint8Array): Promise<void> {
  const order = JSON.parse(Buffer.from(body).toString() || '{}') as Order
  if (order.crash === true) process.kill(process.pid, 'SIGKILL')
  if (order.sleepMs !== undefined) await delay(order.sleepMs)
  const answer = { identity, pid: process.pid, ...(order.shell === undefined ? {} : shell(order.shell)) }
  const { requestId } = message
  const response = { type: 'response', requestId, contentType: 'application/json' } as const
  channel.write(encodeFrame(response, Buffer.from(JSON.stringify(answer))))
  if (order.finishMs !== undefined) await delay(order.finishMs)
  const figures = { status: 'success', durationMs: 1, billedDurationMs: 1, maxMemoryUsedMb: 1 } as const
  channel.write(encodeFrame({ type: 'done', requestId, ...figures, ...(message.tail ? { logTail: 'dGFpbA==' } : {}) }))
}

function shell(command: string) {
  const { variables = {}, codeFolder, user } = assignment ?? {}
  const ran = spawnSync('sh', ['-c', command], { env: variables, cwd: codeFolder, encoding: 'utf8', ...user })
  return { output: ran.stdout, errors: ran.stderr }
}

function receive(message: ServerMessage, body: Uint8Array): void {
  if (message.type === 'assign') {
    assignment = message.assignment
    channel.write(encodeFrame({ type: 'ready', initDurationMs: 1 }))
  } else if (message.type === 'invoke') void run(message, body)
  else process.exit(0)
}

channel.on(
  'data',
  frameDecoder<ServerMessage>((frame) => receive(frame.message, frame.body)),
)
channel.on('end', () => process.exit(0))
channel.on('error', () => process.exit(0))
