import { checkedLength, readHead } from './frame-head.ts'

/**
 * The protocol between server and supervisor: frames over one duplex byte stream per environment.
 *
 * A frame is `u32 BE head length | u32 BE body length | head, JSON in UTF-8 | body, raw bytes`. The stream is an inherited
 * socket with the local driver and a TCP connection in a cluster. An environment is assigned once, then runs one
 * invocation at a time. The server may send the first invocation right after the assignment.
 *
 * Over TCP each connection begins with `challenge`, `hello` and `welcome`, `put` frames bring the function's files before the
 * assignment, and the environment outlives its connection: the next server that sends `hello` takes it over.
 */

/** Assigns an environment to one function version. */
export interface Assignment {
  /** The key of the server's `EnvironmentSpec`, by which servers share the environment. */
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
  /** Where the supervisor finds code and layers; bound to `/var/task` and `/opt` when `mount` is set. */
  readonly codeFolder: string
  readonly layerFolder?: string
  /** Set when the supervisor runs in its own mount namespace and may bind folders over the paths AWS uses. */
  readonly mount?: boolean
  /** The user that the function runs as; the supervisor's own when absent. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** The runtime's start command: absolute interpreter and its arguments. Empty for `provided.*`, which look for `bootstrap`. */
  readonly command: readonly string[]
  /** Whole environment of the runtime, without `AWS_LAMBDA_RUNTIME_API`, which only the supervisor knows. */
  readonly variables: Readonly<Record<string, string>>
  /** Set when the log is JSON: the minimum levels of the function's and the platform's lines. */
  readonly logging?: { readonly applicationLevel: string; readonly systemLevel: string }
  /** Set when the supervisor runs in the function's own image, whose variables the function inherits. */
  readonly isImage?: true
}

/** Responds to a challenge: proves that the server knows the environment's key, which is never sent. */
export interface HelloMessage {
  readonly type: 'hello'
  /** Grows with each server that takes the environment over. A token older than the newest seen is refused. */
  readonly token: number
  /** See `key-proof.ts`. */
  readonly proof: string
}

/** Where a file goes: the package below `/var/task`, layers below `/opt`. */
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
      /** Set when the next frame continues this file. */
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
  /** The invoked ARN, with the caller's qualifier. */
  readonly functionArn: string
  readonly traceId?: string
  /** Decoded JSON text of `X-Amz-Client-Context`. */
  readonly clientContext?: string
  readonly tenantId?: string
  readonly contentType?: string
  /** Asks for the last 4 KB of the log in `done`. */
  readonly tail: boolean
  /** The caller accepts a streamed response. Without this the response is buffered and sent as one `response`. */
  readonly streaming?: true
  /** An asynchronous event: nobody waits for the response, so that it is sent with `done`, which saves a write. */
  readonly isEvent?: true
}

/** Flow control: the caller has taken this much of a streamed response, as `streamCost` counts it. */
export interface GrantMessage {
  readonly type: 'grant'
  readonly requestId: string
  readonly bytes: number
}

export interface ShutdownMessage {
  readonly type: 'shutdown'
  readonly reason: 'spindown' | 'timeout' | 'failure'
}

/** Messages for the environment itself, on either kind of stream. */
export type EnvironmentMessage = AssignMessage | InvokeMessage | GrantMessage

/** Liveness check over a network; `pong` answers it at once, whatever the function does. */
export interface PingMessage {
  readonly type: 'ping'
}

export type ServerMessage = HelloMessage | PutMessage | PingMessage | ShutdownMessage | EnvironmentMessage

/** The first frame on a network connection: the nonce for the server's proof. */
export interface ChallengeMessage {
  readonly type: 'challenge'
  readonly nonce: string
}

/** The server is authenticated; reports the state of the environment. */
export interface WelcomeMessage {
  readonly type: 'welcome'
  readonly state: EnvironmentStatus['state']
  readonly key?: string
  /** Absent from older supervisors, which leave a `ping` unanswered. */
  readonly answersPings?: true
}

/** The state of an environment: `generic` until it is assigned, `busy` until an invocation is over. */
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

/** Initialisation succeeded: the runtime has asked for an event. Sent once per successful initialisation. */
export interface ReadyMessage {
  readonly type: 'ready'
  readonly initDurationMs: number
}

/** The first initialisation failed while no event waited for it. The next event initialises again. */
export interface InitFailedMessage {
  readonly type: 'init-failed'
  /** AWS's error type; absent from older supervisors. */
  readonly errorType?: string
}

/** The function began to stream its response: chunks follow, then `response`. */
export interface BeginMessage {
  readonly type: 'begin'
  readonly requestId: string
  readonly contentType: string
}

/** The next bytes of a streamed response. Unacknowledged bytes stay within `streamWindowBytes`. */
export interface ChunkMessage {
  readonly type: 'chunk'
  readonly requestId: string
}

/**
 * The response of an invocation; the body is the payload, byte for byte. Sent as soon as the runtime has posted it. For a
 * streamed response it is the end: the body is empty, or holds the error that ended the stream.
 */
export interface ResponseMessage {
  readonly type: 'response'
  readonly requestId: string
  readonly contentType: string
  /** Present when the function failed; the value of `X-Amz-Function-Error`. */
  readonly functionError?: 'Unhandled'
  /** Why a streamed response broke off: the runtime's error type, or AWS's. */
  readonly errorType?: string
}

/** The invocation is over (after `response`): REPORT is written and the environment can run the next event. */
export interface DoneMessage {
  readonly type: 'done'
  readonly requestId: string
  readonly status: 'success' | 'error' | 'timeout' | 'failure'
  readonly errorType?: string
  readonly durationMs: number
  readonly billedDurationMs: number
  readonly maxMemoryUsedMb: number
  readonly initDurationMs?: number
  /** Base64 of the last 4 KB of this invocation's log, from START to REPORT, when requested. */
  readonly logTail?: string
}

/** Lines of the environment's log, platform lines among them; the body is UTF-8 text that ends with a newline. */
export interface LogMessage {
  readonly type: 'log'
}

/** Something that the operator of the server should know of, in one line. Sent on one machine only. */
export interface WarningMessage {
  readonly type: 'warning'
  readonly text: string
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
  | WarningMessage

export interface Frame<Message> {
  readonly message: Message
  readonly body: Uint8Array
}

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

/**
 * Parses a byte stream into frames: pass it each chunk; it calls `onFrame` for each complete frame. Throws `MalformedFrame` for a head that is
 * no JSON object with a type and for lengths beyond the limits; the stream cannot be read on then.
 */
export function frameDecoder<Message extends { readonly type: string }>(
  onFrame: (frame: Frame<Message>) => void,
): (chunk: Buffer) => void {
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
      const message = readHead(bytes.toString('utf8', prefixBytes, headEnd)) as Message
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
  return prefixBytes + checkedLength(bytes.readUInt32BE(0), bytes.readUInt32BE(4))
}
