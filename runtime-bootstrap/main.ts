import { Socket } from 'node:net'
import { frameDecoder, type EnvironmentMessage, type ShutdownMessage } from './protocol/protocol.ts'
import type { AllowedClients } from './runtime-api/clients/client-check.ts'
import { readStandby } from './protocol/standby-command.ts'
import { Supervisor } from './supervisor/supervisor.ts'

/** Above this many unsent bytes the server is too slow: log lines are dropped. */
const maxUnsentBytes = 8 * 1024 * 1024

/** Serves one server on one channel. The environment ends when the channel closes. */
function supervise(channel: Socket): void {
  const supervisor = new Supervisor(
    {
      write: (bytes, isDroppable) => {
        if (!isDroppable || channel.writableLength < maxUnsentBytes) channel.write(bytes)
      },
    },
    {
      standby: readStandby(process.env['KUBELAMBDA_STANDBY']),
      ownsPidNamespace: process.env['KUBELAMBDA_OWN_PROCESSES'] === 'yes',
      clients: readClients(process.env['KUBELAMBDA_CLIENTS']),
    },
  )
  const end = (): void => void supervisor.stop().then(() => process.exit(0))
  const decode = frameDecoder<EnvironmentMessage | ShutdownMessage>(({ message, body }) => {
    if (message.type !== 'shutdown') return supervisor.receive({ message, body })
    void supervisor.stop(message.reason).then(() => channel.end(() => process.exit(0)))
  })
  channel.on('data', decode)
  channel.on('end', end)
  channel.on('error', end)
  process.on('SIGTERM', end)
  // The server gets Ctrl-C too, and shuts its environments down gracefully.
  process.on('SIGINT', () => undefined)
  // Node.js would open its debugger to whoever sends this signal: the function may be of the same user.
  process.on('SIGUSR1', () => undefined)
}

/** `processes` or a user's id, and the descriptor for lookups, if any. */
function readClients(text: string | undefined): AllowedClients | undefined {
  if (text === undefined) return undefined
  const [of = '', lookupDescriptor] = text.split(' ')
  const descriptor = lookupDescriptor === undefined ? undefined : Number(lookupDescriptor)
  return { of: of === 'processes' ? of : Number(of), lookupDescriptor: descriptor }
}

supervise(new Socket({ fd: 3, readable: true, writable: true }))
