/**
 * What a server and a supervisor say to each other: frames over one duplex byte stream that belongs to one environment.
 *
 * A frame is `u32 BE head length | u32 BE body length | head, JSON in UTF-8 | body, raw bytes`. The stream is an inherited
 * socket with the local driver and a TCP connection in a cluster. An environment is assigned once, then runs one
 * invocation at a time; the server may send the first invocation right behind the assignment.
 *
 * Over TCP each connection begins with `challenge`, `hello` and `welcome`, the function's files come as `put` frames before the
 * assignment, and the environment outlives its connection: the next server to say `hello` goes on with it.
 */

/** Everything an environment learns when it becomes one function version's own. */
export interface Assignment {
  /** What the environment is shared under: the key of the server's `EnvironmentSpec`. */
  readonly key?: string
  readonly functionName: string
  readonly functionVersion: string
  readonly handler: string
  readonly accountId: string
  readonly memoryMb: number
  readonly timeoutMs: number
  readonly initTimeoutMs: number
  /** `python:3.12` and the like, for INIT_START. */
  readonly runtimeVersion: string
  readonly runtimeVersionArn: string
  /** Where code and layers are as the supervisor sees them now; bound to `/var/task` and `/opt` when `mount` is set. */
  readonly codeFolder: string
  readonly layerFolder?: string
  /** Set when the supervisor runs in its own mount namespace and may bind folders over the paths AWS uses. */
  readonly mount?: boolean
  /** Who the function runs as; the supervisor's own user when absent. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** The runtime's start command: absolute interpreter and its arguments. Empty for `provided.*`, which look for `bootstrap`. */
  readonly command: readonly string[]
  /** Whole environment of the runtime, without `AWS_LAMBDA_RUNTIME_API`, which only the supervisor knows. */
  readonly variables: Readonly<Record<string, string>>
  /** Set when the log is JSON: the least levels of what the function and the platform write there. */
  readonly logging?: { readonly applicationLevel: string; readonly systemLevel: string }
  /** Set when the supervisor runs in the function's own image, whose variables the function has too. */
  readonly isImage?: true
}

/** Answers a challenge: proves that the server knows the environment's key, which never travels. */
export interface HelloMessage {
  readonly type: 'hello'
  /** Grows with each server that takes the environment over; one that is older than the newest seen is refused. */
  readonly token: number
  /** See `key-proof.ts`. */
  readonly proof: string
}

/** Where a file of the function goes: its package below `/var/task`, its layers below `/opt`. */
export type PackageTarget = 'code' | 'layers'

/** One entry of a package, checked by the server; the body is a file's content or its next piece. */
export type PutMessage =
  | {
      readonly type: 'put'
      readonly place: PackageTarget
      readonly path: string
      readonly kind: 'folder'
      readonly mode: number
    }
  | {
      readonly type: 'put'
      readonly place: PackageTarget
      readonly path: string
      readonly kind: 'link'
      readonly target: string
    }
  | {
      readonly type: 'put'
      readonly place: PackageTarget
      readonly path: string
      readonly kind: 'file'
      readonly mode: number
      readonly modifiedMs: number
      /** Set when the next frame goes on with this file. */
      readonly isMore?: true
    }

export interface AssignMessage {
  readonly type: 'assign'
  readonly assignment: Assignment
}

/** One event to run; the frame's body is the event as the caller sent it. */
export interface InvokeMessage {
  readonly type: 'invoke'
  readonly requestId: string
  /** The ARN as invoked, with the qualifier the caller gave. */
  readonly functionArn: string
  readonly traceId?: string
  /** Decoded JSON text of `X-Amz-Client-Context`. */
  readonly clientContext?: string
  readonly tenantId?: string
  readonly contentType?: string
  /** Asks for the last 4 KB of the log in `done`. */
  readonly tail: boolean
  /** The caller takes a streamed answer as it comes; without this it is collected, and sent as one `response`. */
  readonly streaming?: true
  /** Nobody waits for the answer of an asynchronous event: it leaves with the end of its run, which costs one write less. */
  readonly isEvent?: true
}

/** The caller has taken this much of a streamed answer, as `streamCost` counts it. */
export interface GrantMessage {
  readonly type: 'grant'
  readonly requestId: string
  readonly bytes: number
}

export interface ShutdownMessage {
  readonly type: 'shutdown'
  readonly reason: 'spindown' | 'timeout' | 'failure'
}

/** What is for the environment's function, whatever the stream is. */
export type EnvironmentMessage = AssignMessage | InvokeMessage | GrantMessage

/** Asks over a network whether anybody is there; answered by `pong` at once, whatever the function does. */
export interface PingMessage {
  readonly type: 'ping'
}

export type ServerMessage = HelloMessage | PutMessage | PingMessage | ShutdownMessage | EnvironmentMessage

/** The first frame on a network connection: what the server's proof is made of. */
export interface ChallengeMessage {
  readonly type: 'challenge'
  readonly nonce: string
}

/** The server is let in, and told what it finds. */
export interface WelcomeMessage {
  readonly type: 'welcome'
  readonly state: EnvironmentStatus['state']
  readonly key?: string
  /** Absent from older supervisors, which leave a `ping` unanswered. */
  readonly answersPings?: true
}

/** How far an environment is: `generic` until it is assigned, `busy` while an invocation is not over. */
export interface EnvironmentStatus {
  readonly state: 'generic' | 'idle' | 'busy'
  /** The assignment's key. */
  readonly key?: string
}

export interface PongMessage {
  readonly type: 'pong'
}

/** Another server took the environment over; the connection ends. */
export interface ReplacedMessage {
  readonly type: 'replaced'
}

/** The runtime asked for its first event; sent once for every initialisation that succeeds. */
export interface ReadyMessage {
  readonly type: 'ready'
  readonly initDurationMs: number
}

/** The first initialisation failed, and no event waits for it; an event gets another one. */
export interface InitFailedMessage {
  readonly type: 'init-failed'
  /** What went wrong, as AWS names it; absent where an older supervisor says so. */
  readonly errorType?: string
}

/** The function began to stream its answer: chunks follow, then `response`. */
export interface BeginMessage {
  readonly type: 'begin'
  readonly requestId: string
  readonly contentType: string
}

/** The next bytes of a streamed answer. Those that the server has not taken yet stay within `streamWindowBytes`. */
export interface ChunkMessage {
  readonly type: 'chunk'
  readonly requestId: string
}

/**
 * The answer to an invocation; the body is the payload, byte for byte. Sent as soon as the runtime posted it. Of a streamed
 * answer it is the end: the body is empty, or the error for which the stream broke off.
 */
export interface ResponseMessage {
  readonly type: 'response'
  readonly requestId: string
  readonly contentType: string
  /** Present when the function failed; the value of `X-Amz-Function-Error`. */
  readonly functionError?: 'Unhandled'
  /** Why a streamed answer broke off, in the runtime's word or AWS's. */
  readonly errorType?: string
}

/** The invocation is over (after `response`): REPORT is written and the environment can take the next event. */
export interface DoneMessage {
  readonly type: 'done'
  readonly requestId: string
  readonly status: 'success' | 'error' | 'timeout' | 'failure'
  readonly errorType?: string
  readonly durationMs: number
  readonly billedDurationMs: number
  readonly maxMemoryUsedMb: number
  readonly initDurationMs?: number
  /** Base64 of the last 4 KB of this invocation's log, from START to REPORT, when it was asked for. */
  readonly logTail?: string
}

/** Lines of the environment's log, platform lines among them; the body is UTF-8 text that ends with a newline. */
export interface LogMessage {
  readonly type: 'log'
}

export type SupervisorMessage =
  | ChallengeMessage
  | WelcomeMessage
  | PongMessage
  | ReplacedMessage
  | ReadyMessage
  | InitFailedMessage
  | BeginMessage
  | ChunkMessage
  | ResponseMessage
  | DoneMessage
  | LogMessage

export interface Frame<Message> {
  readonly message: Message
  readonly body: Uint8Array
}

/** The largest response a runtime may post, in bytes: 6 MiB and AWS's 100 bytes of slack. */
export const maxResponseBytes = 6 * 1024 * 1024 + 100

/** The longest streamed answer, in bytes: 200 MiB. */
export const maxStreamedBytes = 200 * 1024 * 1024

/** How much of a streamed answer may be on its way: a caller that does not read holds the runtime back, and costs no more memory. */
export const streamWindowBytes = 1024 * 1024

/** What a chunk counts: its bytes, and what keeping it costs beside them. */
export function streamCost(chunk: Uint8Array): number {
  return chunk.length + chunkOverheadBytes
}

const chunkOverheadBytes = 256
const prefixBytes = 8
const empty = Buffer.alloc(0)

/** The bytes of one frame. */
export function encodeFrame(message: ServerMessage | SupervisorMessage, body: Uint8Array = empty): Buffer {
  const head = JSON.stringify(message)
  const headBytes = Buffer.byteLength(head)
  const frame = Buffer.allocUnsafe(prefixBytes + headBytes + body.length)
  frame.writeUInt32BE(headBytes, 0)
  frame.writeUInt32BE(body.length, 4)
  frame.write(head, prefixBytes)
  frame.set(body, prefixBytes + headBytes)
  return frame
}

/** Cuts a byte stream into frames: feed it what arrives, it calls `onFrame` for each frame that is whole. */
export function frameDecoder<Message>(onFrame: (frame: Frame<Message>) => void): (chunk: Buffer) => void {
  let pieces: Buffer[] = []
  let available = 0
  let needed = prefixBytes
  return (chunk) => {
    pieces.push(chunk)
    available += chunk.length
    if (available < needed) return
    let bytes = pieces.length === 1 ? chunk : Buffer.concat(pieces)
    for (;;) {
      needed = frameLength(bytes)
      if (bytes.length < needed) break
      const headEnd = prefixBytes + bytes.readUInt32BE(0)
      const message = JSON.parse(bytes.toString('utf8', prefixBytes, headEnd)) as Message
      const body = bytes.subarray(headEnd, needed)
      bytes = bytes.subarray(needed)
      onFrame({ message, body })
    }
    pieces = bytes.length === 0 ? [] : [bytes]
    available = bytes.length
  }
}

function frameLength(bytes: Buffer): number {
  if (bytes.length < prefixBytes) return prefixBytes
  return prefixBytes + bytes.readUInt32BE(0) + bytes.readUInt32BE(4)
}
