import { openClient } from '../measuring/client.ts'
import { createFunction, echo, invoke } from '../measuring/functions.ts'
import { supervisors, totalCpuMs, cpuMs } from '../measuring/processes.ts'
import { milliseconds, type Finding } from '../measuring/report.ts'
import type { RunningServer } from '../servers/servers.ts'
import { median, percentile, timeEach } from '../measuring/statistics.ts'

/** 1 kB of JSON. */
const payload = JSON.stringify({ text: 'x'.repeat(1013) })

/** Warm invocations one at a time against the bare echo, and the CPU time that each costs. */
export async function measureWarm(server: RunningServer, bare: RunningServer, effort: number): Promise<Finding[]> {
  const ours = openClient(server.origin, 1)
  const theirs = openClient(bare.origin, 1)
  const perRound = 500
  await createFunction(ours, 'warm', echo)
  const askOurs = () => invoke(ours, 'warm', payload)
  const askTheirs = () => theirs('POST', '/', payload)
  await timeEach(Math.ceil(2000 * effort), askOurs)
  await timeEach(Math.ceil(2000 * effort), askTheirs)

  const rounds = Math.ceil(12 * effort)
  const invokes: number[][] = []
  const echoes: number[][] = []
  const supervisorPids = supervisors(server.pid)
  const spent = { server: 0, supervisor: 0 }
  for (let round = 0; round < rounds; round++) {
    const before = { server: cpuMs(server.pid), supervisor: totalCpuMs(supervisorPids) }
    invokes.push(await timeEach(perRound, askOurs))
    spent.server += cpuMs(server.pid) - before.server
    spent.supervisor += totalCpuMs(supervisorPids) - before.supervisor
    echoes.push(await timeEach(perRound, askTheirs))
  }
  const count = rounds * perRound
  return [
    ratio('p50', 0.5, invokes, echoes, 3.5),
    ratio('p99', 0.99, invokes, echoes, 5),
    cpu('server', spent.server / count, 0.35, count),
    cpu('supervisor', supervisorPids.length === 0 ? NaN : spent.supervisor / count, 0.2, count),
  ]
}

function ratio(name: string, share: number, invokes: number[][], echoes: number[][], target: number): Finding {
  const ours = median(invokes.map((round) => percentile(round, share)))
  const theirs = median(echoes.map((round) => percentile(round, share)))
  return {
    promise: `warm invoke ${name}, 1 kB, against a bare Node.js HTTP echo`,
    measured: `${(ours / theirs).toFixed(2)} × (${milliseconds(ours)} against ${milliseconds(theirs)})`,
    target: `≤ ${target} ×`,
    isKept: ours / theirs <= target,
  }
}

function cpu(who: string, spentMs: number, target: number, count: number): Finding {
  return {
    promise: `CPU of the ${who} per warm invoke`,
    measured: `${spentMs.toFixed(3)} ms (over ${count})`,
    target: `≤ ${target} ms`,
    isKept: spentMs <= target,
  }
}
