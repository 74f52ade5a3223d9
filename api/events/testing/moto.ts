import { spawn, spawnSync } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { describe } from '@jest/globals'

/** A local server that emulates AWS services. */
export interface Moto {
  readonly endpoint: string
  stop(): Promise<void>
}

const isThere = spawnSync('moto_server', ['--help']).status === 0

/** A group of tests that need `moto_server`; skipped, with the reason, when it is not on the PATH. */
export const describeWithMoto: (name: string, tests: () => void) => void = isThere
  ? describe
  : (name, tests) => describe.skip(`${name} (skipped: moto_server is not on the PATH)`, tests)

/** The account that it emulates. */
export const motoAccount = '123456789012'

/** Starts a server on a free port. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort()
  const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const endpoint = `http://127.0.0.1:${String(port)}`
  const deadline = Date.now() + 60_000
  while (!(await answers(endpoint))) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error('moto_server does not start')
    await wait(50)
  }
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  return { endpoint, stop }
}

function answers(endpoint: string): Promise<boolean> {
  return fetch(`${endpoint}/moto-api/data.json`).then(
    ({ ok }) => ok,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  return port
}
