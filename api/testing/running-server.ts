import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { ZipFile } from 'yazl'

/** A server as users start it: a process of its own, known by its address alone. */
export interface RunningServer {
  readonly address: string
  readonly client: LambdaClient
  readonly process: ChildProcess
  /** Its output so far, both streams. */
  output(): string
  /** Sends the signal, and resolves with the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const compiled = fileURLToPath(new URL('../../node_modules/.cache/kubelambda', import.meta.url))
const readyPattern = /serves the AWS Lambda API on (\S+)/

export function newDataFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kubelambda-main-'))
}

export interface StartOptions {
  /** Another main file than this checkout's. */
  readonly program?: string
  /** Whether it leads a process group of its own, as in a terminal. */
  readonly detached?: boolean
}

/** Starts the program with settings. Resolves with its exit code and output if it ends by itself. */
export function startProgram(
  settings: Record<string, string>,
  args: readonly string[] = [],
  { program = main, detached = false }: StartOptions = {},
) {
  const env = { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: compiled, KUBELAMBDA_PORT: '0', ...settings }
  const child = spawn(process.execPath, [program, ...args], { detached, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let written = ''
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const ready = new Promise<string>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      written += chunk.toString()
      const address = readyPattern.exec(written)?.[1]
      if (address !== undefined) resolve(address)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    exited.then((code) => reject(new Error(`the server ended with ${String(code)}: ${written}`)), reject)
  })
  ready.catch(() => undefined)
  return { child, exited, ready, output: () => written }
}

export async function startMain(
  dataFolder: string,
  settings: Record<string, string> = {},
  options: StartOptions = {},
): Promise<RunningServer> {
  const { child, exited, ready, output } = startProgram({ KUBELAMBDA_DATA: dataFolder, ...settings }, [], options)
  const address = await ready
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new LambdaClient({ endpoint: address, region: 'us-east-1', credentials, maxAttempts: 1 })
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    const code = await exited
    client.destroy()
    return code
  }
  return { address, client, process: child, output, end }
}

/** A package of one file, which is executable if it begins with `#!`. */
export async function zipOf(name: string, text: string): Promise<Buffer> {
  const zip = new ZipFile()
  zip.addBuffer(Buffer.from(text), name, { mode: text.startsWith('#!') ? 0o100755 : 0o100644 })
  zip.end()
  const pieces: Buffer[] = []
  for await (const piece of zip.outputStream) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}
