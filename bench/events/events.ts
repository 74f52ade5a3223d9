import { inParallel, openClient } from '../measuring/client.ts'
import { createFunction, invokeLater } from '../measuring/functions.ts'
import { openRendezvous } from '../measuring/rendezvous.ts'
import type { Finding } from '../measuring/report.ts'
import { cpuMs, descendants } from '../measuring/processes.ts'
import type { RunningServer } from '../servers/servers.ts'
import { telling } from './waiting.ts'

const warmUp = 50
const width = 32

/** Asynchronous events per second, accepted and completed. `where` names the store. */
export async function measureEvents(server: RunningServer, where: string, effort: number): Promise<Finding[]> {
  const count = Math.ceil(6000 * effort)
  const client = openClient(server.origin, width)
  const done = await openRendezvous()
  const send = (events: number) =>
    inParallel(events, width, (index) => invokeLater(client, 'events', JSON.stringify({ index })))
  try {
    await createFunction(client, 'events', telling, { Environment: { Variables: { BENCH_PORT: String(done.port) } } })
    await send(warmUp)
    await done.until(() => done.bytes() >= warmUp, 30_000)
    const startedAt = performance.now()
    const cpuBefore = totalCpu(server)
    await send(count)
    const acceptedSeconds = (performance.now() - startedAt) / 1000
    const isDrained = await done.until(() => done.bytes() >= warmUp + count, 60_000)
    const rate = isDrained ? (count / (performance.now() - startedAt)) * 1000 : 0
    const cpu = ((totalCpu(server) - cpuBefore) / count).toFixed(2)
    const drained = isDrained
      ? `${Math.round(rate)}/s accepted and drained`
      : `${done.bytes() - warmUp} of ${count} ran in 60 s`
    return [
      {
        promise: `asynchronous events, ${where}`,
        measured: `${drained} (${Math.round(count / acceptedSeconds)}/s accepted, ${done.connections()} environments, ${cpu} ms of CPU each for server and environments)`,
        target: '≥ 2000/s',
        isKept: rate >= 2000,
      },
    ]
  } finally {
    done.close()
  }
}

function totalCpu({ pid }: RunningServer): number {
  return [pid, ...descendants(pid)].reduce((sum, each) => sum + cpuMs(each), 0)
}
