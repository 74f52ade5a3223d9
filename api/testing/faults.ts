import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import {
  CreateFunctionCommand,
  waitUntilFunctionActiveV2,
  type CreateFunctionCommandInput,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import { zipOf } from './running-server.ts'

/** How many events, messages or records a fault test sends: few by default, else as many as the variable says. */
export function faultSize(few: number): number {
  return Number(process.env['FAULT_EVENTS'] ?? few)
}

/** Receives a line for each event that a function ran; lines of one function process arrive in order. */
export interface Recorder {
  /** The variables of the functions, which also identify their processes. */
  readonly variables: Readonly<Record<string, string>>
  /** All lines in the order of their arrival. */
  readonly lines: readonly string[]
  /** How often each line arrived. */
  readonly times: ReadonlyMap<string, number>
  close(): void
}

export async function startRecorder(): Promise<Recorder> {
  const [lines, times] = [[] as string[], new Map<string, number>()]
  const record = (line: string) => {
    lines.push(line)
    times.set(line, (times.get(line) ?? 0) + 1)
  }
  const listener = createServer((socket) => {
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      const ended = (text + chunk.toString()).split('\n')
      text = ended.pop() ?? ''
      ended.forEach(record)
      socket.write('.'.repeat(ended.length))
    })
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  return { variables: { RECORDER: String(port) }, lines, times, close: () => listener.close() }
}

/** The start of a function that records; `record(line)` is done when the line is recorded, before any that is written then. */
const recording = `const socket = require('node:net').connect(Number(process.env.RECORDER), '127.0.0.1')
const writing = []
socket.on('data', (dots) => { for (const _ of dots) writing.shift()() })
const record = (line) => new Promise((resolve) => { writing.push(resolve); socket.write(line + '\\n') })
`

/** Creates a function of one file and waits until it can be invoked. */
export async function createRecording(
  client: LambdaClient,
  { FunctionName, code, recorder }: { FunctionName: string; code: string; recorder: Recorder },
  settings: Partial<CreateFunctionCommandInput> = {},
): Promise<void> {
  const input = {
    FunctionName,
    Runtime: 'nodejs24.x' as const,
    Handler: 'index.handler',
    Role: 'arn:aws:iam::000000000000:role/r',
    Code: { ZipFile: await zipOf('index.js', recording + code) },
    Environment: { Variables: { ...recorder.variables } },
    ...settings,
  }
  await client.send(new CreateFunctionCommand(input))
  await waitUntilFunctionActiveV2({ client, maxWaitTime: 30, minDelay: 0.05 }, { FunctionName })
}

/** Processes of functions that record there. */
export function functionProcesses({ variables }: Recorder): number[] {
  const mark = `RECORDER=${String(variables['RECORDER'])}`
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(`/proc/${pid}/environ`).split('\0').includes(mark))
    .map(Number)
}

/** Kills one process of a function, if there is one; or its supervisor, and all of its environment with it. */
export function killFunction(recorder: Recorder, what: 'function' | 'supervisor'): void {
  const [pid] = functionProcesses(recorder)
  if (pid === undefined) return
  const parent = Number(/\) \S (\d+)/.exec(read(`/proc/${String(pid)}/stat`))?.[1])
  kill(what === 'function' || parent <= 1 ? pid : parent)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // The process ended meanwhile.
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

/** Waits until the condition holds; fails with the description after a timeout. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 120_000,
): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`timed out waiting until ${what}`)
    await wait(20)
  }
}

/** Prints a measurement if more events were requested than by default. */
export function tell(line: string): void {
  if (process.env['FAULT_EVENTS'] !== undefined) process.stderr.write(`${line}\n`)
}
