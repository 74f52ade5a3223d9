import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { fileURLToPath } from 'node:url'
import { encodeFrame } from '../../runtime-bootstrap/protocol/protocol.ts'
import { hostileNumber, hostileText, type Random } from './random.ts'

const entry = fileURLToPath(new URL('../../runtime-bootstrap/pod.ts', import.meta.url))

/** A pod's supervisor, started on this machine, whose port takes connections of anybody. */
export interface PodSupervisor {
  /** Sends one connection's worth of bytes, without the key. */
  attack(random: Random): Promise<void>
  /** Whether it still runs and still greets a server. */
  isWell(): Promise<boolean>
  stop(): void
}

export async function startPodSupervisor(): Promise<PodSupervisor> {
  const env = {
    PATH: process.env['PATH'],
    KUBELAMBDA_ENVIRONMENT_KEY: 'the key that no attacker knows',
    KUBELAMBDA_SUPERVISOR_PORT: '0',
    KUBELAMBDA_OWN_TOOLS: 'no',
    // No server ever connects, and it shall not end for that.
    KUBELAMBDA_ORPHAN_SECONDS: '86400',
  }
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(/listening on (\d+)/.exec(line.toString())?.[1])
  return {
    attack: (random) => exchange(port, attackBytes(random)).then(() => undefined),
    isWell: async () => child.exitCode === null && (await exchange(port, Buffer.alloc(0))).includes('challenge'),
    stop: () => void child.kill('SIGKILL'),
  }
}

function attackBytes(random: Random): Buffer {
  if (random.chance(0.2)) return random.bytes(random.below(2000))
  const type = random.pick(['hello', 'assign', 'invoke', 'put', 'ping', 'shutdown', '__proto__', hostileText(random)])
  const message = { type, token: hostileNumber(random), proof: hostileText(random), assignment: {}, nonce: null }
  const frame = encodeFrame(message as unknown as Parameters<typeof encodeFrame>[0], random.bytes(random.below(500)))
  if (random.chance(0.3)) frame.writeUInt32BE(random.below(2 ** 32), random.pick([0, 4]))
  return random.chance(0.2) ? frame.subarray(0, random.below(frame.length)) : frame
}

/** Sends bytes and returns what came back until the peer closed or was silent. */
function exchange(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => socket.write(bytes))
    let received = ''
    socket.on('data', (chunk) => (received += chunk.toString('latin1')))
    socket.on('error', () => undefined)
    socket.setTimeout(50, () => socket.destroy())
    socket.on('close', () => resolve(received))
  })
}
