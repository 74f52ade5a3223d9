import { randomUUID } from 'node:crypto'
import { flushCompileCache } from 'node:module'
import { lineFormats } from './observe/line-format.ts'
import { createLog, type Log } from './observe/log.ts'
import type { Server } from './server.ts'
import { readCommandLine } from './settings/command-line.ts'
import { readSettings, type Settings } from './settings/settings.ts'
import { version } from './version.ts'

/** Prints help or the version, or starts the server. Invalid settings end the process with one line. */
async function main(): Promise<void> {
  const asked = readCommandLine(process.argv.slice(2), process.env)
  if ('text' in asked) process.stdout.write(asked.text)
  else await serve(readSettings(asked.settings))
}

/** Resolves when the server is ready, or when a signal ends it first. */
async function serve(settings: Settings): Promise<void> {
  const log = createLog(process.stdout, process.stderr, () => new Date(), lineFormats[settings.logFormat])
  const { startServer } = await import('./server.ts')
  const server = await startServer(settings, { log, now: Date.now, ids: randomUUID, random: Math.random })
  const state = { isReady: false, isStopping: false }
  stopOnSignal(server, state, log)
  try {
    await server.ready
  } catch (fault) {
    if (!state.isStopping) throw fault
    return
  }
  if (state.isStopping) return
  state.isReady = true
  greet(server.address, settings, log)
  // With NODE_COMPILE_CACHE the next start is faster, and needs no memory for stripping types.
  flushCompileCache()
}

/** Shuts down gracefully at the first signal; a second one from a terminal ends the process at once. */
function stopOnSignal(server: Server, state: { readonly isReady: boolean; isStopping: boolean }, log: Log): void {
  const stop = (signal: NodeJS.Signals): void => {
    state.isStopping = true
    for (const other of signals) process.removeAllListeners(other).on(other, () => undefined)
    process.removeAllListeners('SIGINT').once('SIGINT', () => process.exit(130))
    const again = signal === 'SIGINT' ? ' Press Ctrl-C again to end them now.' : ''
    if (state.isReady) log.info(`${signal}: waiting for running invocations.${again}`)
    server.close().then(
      () => {
        log.flush()
        process.exit(0)
      },
      (error: unknown) => {
        log.error('The server did not close cleanly.', error)
        process.exit(1)
      },
    )
  }
  for (const signal of signals) process.once(signal, stop)
}

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

function greet(address: string, { region, credentialsFile, logFormat }: Settings, log: Log): void {
  const line = `kubelambda ${version} serves the AWS Lambda API on ${address}`
  if (logFormat === 'json') {
    log.info(line)
    return
  }
  const keys =
    credentialsFile === undefined
      ? 'AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test'
      : `AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…   # of ${credentialsFile}`
  const lines = [
    line,
    '',
    'Try it:',
    `  export AWS_DEFAULT_REGION=${region} ${keys}`,
    `  aws lambda list-functions --endpoint-url ${address}`,
    '',
  ]
  process.stdout.write(lines.join('\n'))
}

try {
  await main()
} catch (error) {
  if (!(error instanceof Error)) throw error
  process.stderr.write(`kubelambda: ${error.message}\n`)
  process.exit(1)
}
