import { build } from 'esbuild'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { supervisorNodeFlags } from '../protocol/node-flags.ts'
import { encodeFrame, frameDecoder } from '../protocol/protocol.ts'
import { streamCost } from '../protocol/response-limits.ts'
import type {
  Assignment,
  DoneMessage,
  InvokeMessage,
  ResponseMessage,
  SupervisorMessage,
} from '../protocol/protocol.ts'
import type { StandbyCommand } from '../protocol/standby-command.ts'

const entry = fileURLToPath(new URL('../main.ts', import.meta.url))
export const nodeClient = [process.execPath, fileURLToPath(new URL('../runtimes/nodejs/index.mjs', import.meta.url))]

/** One invocation as the server sees it. */
export interface Invoked {
  readonly response: ResponseMessage
  readonly payload: string
  readonly done: DoneMessage
  /** The log that came before `done`, since the invocation was sent. */
  readonly log: string
}

export interface InvokeOptions extends Partial<InvokeMessage> {
  readonly event?: string
  /** Takes nothing of a streamed answer but what `grant` says. */
  readonly holds?: boolean
}

/** A supervisor that runs, and the folder of the function that it will run. */
export interface Supervised {
  readonly pid: number
  readonly folder: string
  assign(overrides?: Partial<Assignment>): void
  /** Resolves when the runtime is initialised. */
  ready(): Promise<number>
  invoke(options?: InvokeOptions): Promise<Invoked>
  /** Sends the event alone. */
  send(options?: InvokeOptions): string
  /** The streamed bytes of an invocation so far. */
  streamed(requestId: string): string
  /** Resolves when so much was streamed that the condition holds. */
  waitForStream(requestId: string, isEnough: (text: string) => boolean): Promise<string>
  /** Waits for the answer of an invocation that was sent, which may not be over yet. */
  answer(requestId: string): Promise<Pick<Invoked, 'response' | 'payload'>>
  /** Waits for the end of an invocation that was sent. */
  end(requestId: string): Promise<Invoked>
  /** Tells the supervisor that so much of the stream was taken. */
  grant(requestId: string, bytes: number): void
  /** All that the log says so far. */
  log(): string
  waitForLog(text: string): Promise<void>
  shutdown(): Promise<void>
  readonly exited: Promise<void>
}

let bundle: Promise<string> | undefined

/** The supervisor as one file, made once per test file. */
function bundledSupervisor(): Promise<string> {
  bundle ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), 'supervisor-'))
    const outfile = join(folder, 'supervisor.cjs')
    await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'cjs', outfile, logLevel: 'error' })
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    return outfile
  })()
  return bundle
}

let count = 0

/** Starts a supervisor; `files` become the function's code, executable when they start with `#!`. */
export async function supervise(
  files: Readonly<Record<string, string>> = {},
  standbyIn: (folder: string) => StandbyCommand | undefined = () => undefined,
): Promise<Supervised> {
  const folder = mkdtempSync(join(tmpdir(), 'function-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
    if (text.startsWith('#!')) chmodSync(join(folder, name), 0o755)
  }
  const child = spawn(process.execPath, [...supervisorNodeFlags, await bundledSupervisor()], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, ...standbyVariable(standbyIn(folder)) },
  })
  const channel = child.stdio[3] as unknown as Duplex
  channel.on('error', () => undefined)
  const exited = once(child, 'exit').then(() => rmSync(folder, { recursive: true, force: true }))

  let log = ''
  let isGone = false
  const frames: { message: SupervisorMessage; payload: string; logEnd: number }[] = []
  const chunks: { requestId: string; bytes: Buffer }[] = []
  const held = new Set<string>()
  const grant = (requestId: string, bytes: number): void => {
    channel.write(encodeFrame({ type: 'grant', requestId, bytes }))
  }
  const watchers = new Set<() => void>()
  const wake = (): void => {
    for (const watcher of [...watchers]) watcher()
  }
  channel.on(
    'data',
    frameDecoder<SupervisorMessage>(({ message, body }) => {
      if (message.type === 'chunk') {
        chunks.push({ requestId: message.requestId, bytes: Buffer.from(body) })
        if (!held.has(message.requestId)) grant(message.requestId, streamCost(body))
        return wake()
      }
      const text = Buffer.from(body).toString()
      if (message.type === 'log') log += text
      frames.push({ message, payload: text, logEnd: log.length })
      wake()
    }),
  )
  void exited.then(() => {
    isGone = true
    wake()
  })
  function waitFor<Found>(find: () => Found | undefined): Promise<Found> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find()
        if (found === undefined && !isGone) return
        watchers.delete(look)
        if (found === undefined) reject(new Error(`The supervisor ended. Its log:\n${log}`))
        else resolve(found)
      }
      watchers.add(look)
      look()
    })
  }
  function send(options: InvokeOptions = {}): string {
    const { event = '{}', holds = false, ...rest } = options
    const requestId = `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`
    const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f'
    const message: InvokeMessage = { type: 'invoke', requestId, functionArn, tail: false, ...rest }
    if (holds) held.add(message.requestId)
    channel.write(encodeFrame(message, Buffer.from(event)))
    return message.requestId
  }
  const byType = (type: string, requestId: string) =>
    frames.find(({ message }) => message.type === type && 'requestId' in message && message.requestId === requestId)
  const streamed = (requestId: string): string =>
    Buffer.concat(chunks.filter((chunk) => chunk.requestId === requestId).map(({ bytes }) => bytes)).toString()
  async function end(requestId: string, logStart: number): Promise<Invoked> {
    const last = await waitFor(() => byType('done', requestId))
    const answer = byType('response', requestId)!
    return {
      response: answer.message as ResponseMessage,
      payload: answer.payload,
      done: last.message as DoneMessage,
      log: log.slice(logStart, last.logEnd),
    }
  }

  return {
    pid: child.pid!,
    folder,
    assign: (overrides = {}) => {
      channel.write(encodeFrame({ type: 'assign', assignment: { ...assignmentOf(folder), ...overrides } }))
    },
    ready: () =>
      waitFor(() => {
        const message = frames.find((frame) => frame.message.type === 'ready')?.message
        return message?.type === 'ready' ? message.initDurationMs : undefined
      }),
    invoke: async (options) => {
      const before = log.length
      return end(send(options), before)
    },
    send,
    streamed,
    waitForStream: (requestId, isEnough) =>
      waitFor(() => (isEnough(streamed(requestId)) ? streamed(requestId) : undefined)),
    answer: async (requestId) => {
      const { message, payload } = await waitFor(() => byType('response', requestId))
      return { response: message as ResponseMessage, payload }
    },
    end: (requestId) => end(requestId, 0),
    grant,
    log: () => log,
    waitForLog: async (text) => {
      await waitFor(() => (log.includes(text) ? true : undefined))
    },
    shutdown: async () => {
      if (!isGone) channel.write(encodeFrame({ type: 'shutdown', reason: 'spindown' }))
      await exited
    },
    exited,
  }
}

/** A runtime that waits and can stand for this command. */
export function standbyFor(command: readonly string[], variables: Record<string, string> = {}): StandbyCommand {
  const { PATH = '', TZ = '' } = variablesOf('/')
  return { command: [...command, '--standby'], standsFor: command, variables: { PATH, TZ, ...variables } }
}

function standbyVariable(standby: StandbyCommand | undefined): NodeJS.ProcessEnv {
  return standby === undefined ? {} : { KUBELAMBDA_STANDBY: JSON.stringify(standby) }
}

function assignmentOf(folder: string): Assignment {
  return {
    functionName: 'f',
    functionVersion: '$LATEST',
    handler: 'index.handler',
    accountId: '000000000000',
    memoryMb: 512,
    timeoutMs: 3000,
    initTimeoutMs: 10_000,
    runtimeVersion: 'nodejs:24',
    runtimeVersionArn: 'arn:aws:lambda:us-east-1::runtime:0',
    codeFolder: folder,
    layerFolder: join(folder, 'layer'),
    command: nodeClient,
    variables: variablesOf(folder),
  }
}

/** The environment variables that a runtime client needs. */
export function variablesOf(folder: string): Record<string, string> {
  return {
    _HANDLER: 'index.handler',
    LAMBDA_TASK_ROOT: folder,
    AWS_LAMBDA_FUNCTION_NAME: 'f',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/f',
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]0',
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    TZ: ':UTC',
  }
}
