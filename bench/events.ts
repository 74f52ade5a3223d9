import { inParallel, openClient } from './client.ts'
import { createFunction, invokeLater, type Source } from './functions.ts'
import { openRendezvous } from './rendezvous.ts'
import type { Finding } from './report.ts'
import type { RunningServer } from './servers.ts'

/** Tells the bench of each event with one byte over a connection that stays open. */
const counting: Source = {
  runtime: 'nodejs24.x',
  file: 'index.js',
  code: `const socket = require('node:net').connect(Number(process.env.BENCH_PORT), '127.0.0.1')
socket.on('error', () => {})
const connected = new Promise((resolve) => socket.once('connect', resolve))
exports.handler = async () => {
  await connected
  await new Promise((resolve) => socket.write('.', resolve))
}
`,
}

const warmUp = 50
const width = 32

/** Asynchronous events: how many a second are taken in, and run to the end. */
export async function measureEvents(server: RunningServer, effort: number): Promise<Finding[]> {
  const count = Math.ceil(6000 * effort)
  const client = openClient(server.origin, width)
  const done = await openRendezvous()
  const send = (events: number) =>
    inParallel(events, width, (index) => invokeLater(client, 'events', JSON.stringify({ index })))
  try {
    await createFunction(client, 'events', counting, { Environment: { Variables: { BENCH_PORT: String(done.port) } } })
    await send(warmUp)
    await done.until(() => done.bytes() >= warmUp, 30_000)
    const startedAt = performance.now()
    await send(count)
    const acceptedSeconds = (performance.now() - startedAt) / 1000
    const isDrained = await done.until(() => done.bytes() >= warmUp + count, 60_000)
    const rate = isDrained ? (count / (performance.now() - startedAt)) * 1000 : 0
    const drained = isDrained
      ? `${Math.round(rate)}/s accepted and drained`
      : `${done.bytes() - warmUp} of ${count} ran in 60 s`
    return [
      {
        promise: 'asynchronous events',
        measured: `${drained} (${Math.round(count / acceptedSeconds)}/s accepted, ${done.connections()} environments)`,
        target: '≥ 2000/s',
        isKept: rate >= 2000,
      },
    ]
  } finally {
    done.close()
  }
}
