import { openClient } from '../measuring/client.ts'
import { createFunction, invoke, type Source } from '../measuring/functions.ts'
import { openRendezvous } from '../measuring/rendezvous.ts'
import type { Finding } from '../measuring/report.ts'
import type { RunningServer } from '../servers/servers.ts'

/** Waits for the bench before it returns, so that every invocation needs an environment of its own. */
const held: Source = {
  runtime: 'nodejs24.x',
  file: 'index.js',
  code: `const { once } = require('node:events')
const socket = require('node:net').connect(Number(process.env.BENCH_PORT), '127.0.0.1')
const released = once(socket, 'data')
exports.handler = async () => { await released; return 'released' }
`,
}

const deadlineMs = 90_000

/** Many invocations at once of a function that has no environment yet. */
export async function measureBurst(server: RunningServer, effort: number): Promise<Finding[]> {
  const count = Math.ceil(100 * effort)
  const client = openClient(server.origin, count)
  const gate = await openRendezvous()
  try {
    const variables = { BENCH_PORT: String(gate.port) }
    await createFunction(client, 'burst', held, { Timeout: 300, Environment: { Variables: variables } })
    const startedAt = performance.now()
    const asked = Promise.allSettled(Array.from({ length: count }, () => invoke(client, 'burst', '{}')))
    await gate.until(() => gate.connections() >= count, deadlineMs)
    const seconds = (performance.now() - startedAt) / 1000
    const environments = gate.connections()
    gate.release()
    const failures = (await asked).filter((answer) => answer.status === 'rejected')
    for (const { reason } of failures.slice(0, 3)) console.error(`burst: ${String(reason)}`)
    return [
      {
        promise: `${count} new environments at once`,
        measured: `${failures.length} failed; ${environments} ran at once after ${seconds.toFixed(1)} s`,
        target: 'none fails',
        isKept: failures.length === 0 && environments >= count,
      },
    ]
  } finally {
    gate.close()
  }
}
