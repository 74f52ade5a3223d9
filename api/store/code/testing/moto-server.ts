import { spawn, spawnSync } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { describe, test } from '@jest/globals'

/** An S3-compatible server for one test. */
export interface S3Server {
  readonly endpoint: string
  createBucket(name: string): Promise<void>
  stop(): void
}

const hasMoto = spawnSync('moto_server', ['--help']).status === 0

/** Describes tests that need an S3-compatible server; without `moto_server` they are skipped, and the name says why. */
export function describeWithS3(name: string, body: () => void): void {
  if (hasMoto) describe(name, body)
  else {
    describe(`${name} (skipped: there is no moto_server on PATH)`, () => {
      test.skip('needs moto_server', () => undefined)
    })
  }
}

export async function startS3(): Promise<S3Server> {
  const port = await freePort()
  const server = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const endpoint = `http://127.0.0.1:${String(port)}`
  const end = performance.now() + 60_000
  const answers = () =>
    fetch(endpoint).then(
      () => true,
      () => false,
    )
  while (!(await answers())) {
    if (server.exitCode !== null || performance.now() > end) throw new Error('moto_server does not answer')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    endpoint,
    createBucket: async (name) => {
      const { status } = await fetch(`${endpoint}/${name}`, { method: 'PUT' })
      if (status !== 200) throw new Error(`No bucket: ${String(status)}`)
    },
    stop: () => void server.kill('SIGKILL'),
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
