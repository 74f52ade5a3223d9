import { writePackageFiles } from './files/package-files.ts'
import { encodeFrame, type Frame, type ServerMessage } from './protocol/protocol.ts'
import { openServerGate } from './channel/server-gate.ts'
import { readStandby } from './protocol/standby-command.ts'
import { Supervisor } from './supervisor/supervisor.ts'

/** The supervisor brings its own mkfifo, since the function's image may not have one. */
const pipeCommand = ['/kubelambda/ld.so', '--library-path', '/kubelambda/lib', '/kubelambda/mkfifo']

/** Reads a setting and removes it from the environment, so that child processes do not inherit it. */
function take(name: string, fallback: string): string {
  const value = process.env[name]
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the names are the constants below
  delete process.env[name]
  return value === undefined || value === '' ? fallback : value
}

function exit(reason: string): void {
  process.stderr.write(`kubelambda supervisor: shutting down: ${reason}\n`)
  void supervisor.stop().then(() => process.exit(0))
}

function receive({ message, body }: Frame<ServerMessage>): void {
  if (message.type === 'hello') return
  if (message.type === 'put') return files.put(message, body)
  if (message.type === 'ping') return gate.write(encodeFrame({ type: 'pong' }), false)
  if (message.type === 'shutdown')
    return void supervisor.stop(message.reason).then(() => gate.end(() => process.exit(0)))
  if (message.type === 'assign') files.finish()
  supervisor.receive({ message, body })
}

const key = take('KUBELAMBDA_ENVIRONMENT_KEY', '')
if (key === '') {
  process.stderr.write('kubelambda supervisor: KUBELAMBDA_ENVIRONMENT_KEY is not set: no server could authenticate\n')
  process.exit(2)
}
const files = writePackageFiles({
  code: take('KUBELAMBDA_CODE_FOLDER', '/var/task'),
  layers: take('KUBELAMBDA_LAYER_FOLDER', '/opt'),
})
const standby = readStandby(take('KUBELAMBDA_STANDBY', ''))
const ownsPidNamespace = take('KUBELAMBDA_OWN_PROCESSES', 'no') === 'yes'
const ownPipe = take('KUBELAMBDA_OWN_TOOLS', 'yes') === 'yes'
const gate = openServerGate({
  key,
  port: Number(take('KUBELAMBDA_SUPERVISOR_PORT', '9050')),
  orphanMs: Number(take('KUBELAMBDA_ORPHAN_SECONDS', '300')) * 1000,
  status: () => supervisor.status(),
  receive,
  onOrphaned: exit,
})
const supervisor = new Supervisor(gate, { standby, ownsPidNamespace, ...(ownPipe ? { pipeCommand } : {}) })
process.on('SIGTERM', () => exit('received SIGTERM'))
// Node.js would open its debugger to whoever sends this signal: the function may be of the same user.
process.on('SIGUSR1', () => undefined)
void gate.listening.then((port) => process.stdout.write(`kubelambda supervisor: listening on ${String(port)}\n`))
