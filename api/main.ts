import { randomUUID } from 'node:crypto'
import { flushCompileCache } from 'node:module'
import { ConfigError, readConfig, type Config } from './config.ts'
import { createLog } from './observe/log.ts'
import type { Server } from './server.ts'

const log = createLog(process.stdout, process.stderr, () => new Date())

function greet(address: string, { region, credentialsFile }: Config): void {
  const keys =
    credentialsFile === undefined
      ? 'AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test'
      : `AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…   # of ${credentialsFile}`
  const lines = [
    `kubelambda serves the AWS Lambda API on ${address}`,
    '',
    'Try it:',
    `  export AWS_ENDPOINT_URL_LAMBDA=${address} AWS_DEFAULT_REGION=${region} ${keys}`,
    '  aws lambda list-functions',
    '',
  ]
  process.stdout.write(lines.join('\n'))
}

function settings(): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`kubelambda: ${error.message}\n`)
    process.exit(2)
  }
}

/** Ends as a signal asks: what runs may end first, unless the signal comes again from a terminal. */
function stopOnSignal(server: Server): { readonly isAsked: () => boolean } {
  let isAsked = false
  const stop = (): void => {
    isAsked = true
    process.removeAllListeners('SIGTERM').on('SIGTERM', () => undefined)
    process.removeAllListeners('SIGINT').once('SIGINT', () => process.exit(130))
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
  process.once('SIGTERM', stop).once('SIGINT', stop)
  return { isAsked: () => isAsked }
}

/** Resolves when the server serves, or is told to end before it does. */
async function serve(config: Config): Promise<void> {
  const { startServer } = await import('./server.ts')
  const server = await startServer(config, { log, now: Date.now, ids: randomUUID, random: Math.random })
  const { isAsked } = stopOnSignal(server)
  try {
    await server.ready
  } catch (fault) {
    if (!isAsked()) throw fault
    return
  }
  if (isAsked()) return
  greet(server.address, config)
  // With NODE_COMPILE_CACHE the next start is quicker, and does without the stripper of types and its memory.
  flushCompileCache()
}

try {
  await serve(settings())
} catch (error) {
  process.stderr.write(`kubelambda: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
