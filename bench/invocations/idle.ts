import { setTimeout as wait } from 'node:timers/promises'
import { cpuMs, proportionalMb, residentMb, supervisors } from '../measuring/processes.ts'
import type { Finding } from '../measuring/report.ts'
import type { RunningServer } from '../servers/servers.ts'
import { median } from '../measuring/statistics.ts'

/** Memory and CPU of an idle server and its supervisors. */
export async function measureIdle(server: RunningServer, effort: number): Promise<Finding[]> {
  const watchedMs = Math.ceil(8000 * effort)
  await wait(1000)
  const before = cpuMs(server.pid)
  await wait(watchedMs)
  const share = (cpuMs(server.pid) - before) / watchedMs
  const supervisorMb = median(supervisors(server.pid).map(proportionalMb))
  const serverMb = residentMb(server.pid)
  return [
    memory('idle supervisor, private memory (PSS)', supervisorMb, 30),
    memory('idle server after the warm run, resident memory', serverMb, 120),
    {
      promise: 'CPU of the server at idle',
      measured: `${(share * 100).toFixed(2)} % of a core over ${watchedMs / 1000} s`,
      target: '≤ 0.5 %',
      isKept: share <= 0.005,
    },
  ]
}

function memory(promise: string, megabytes: number, target: number): Finding {
  return { promise, measured: `${megabytes.toFixed(1)} MB`, target: `≤ ${target} MB`, isKept: megabytes <= target }
}
