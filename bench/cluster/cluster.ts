import { setTimeout as delay } from 'node:timers/promises'
import { kubectl } from './bare-pod.ts'
import { inParallel, openClient, type Client } from '../measuring/client.ts'
import { measureWithoutPool } from './cold-without-pool.ts'
import { createFunction, echo, hello, invoke, renewFunction } from '../measuring/functions.ts'
import { milliseconds, notMeasured, type Finding } from '../measuring/report.ts'
import { median, percentile, timed, timeEach } from '../measuring/statistics.ts'

/** A server on a cluster, as its Service is reached from here. */
export interface ClusterUnderTest {
  readonly origin: string
  /** Image of the bare echo, with Node.js as `node`. */
  readonly image: string
}

const payload = JSON.stringify({ text: 'x'.repeat(1013) })
/** Invocations until V8 has optimised the code of the warm path; the bare echo needs fewer. */
const warmUp = 20_000
/** Time until the pool is full again, in milliseconds. */
const settleMs = 3_000

/** Cold starts from the pool, a hundred at once, and warm invocations through the Service against a bare pod's echo. */
export async function measureCluster(cluster: ClusterUnderTest, effort: number): Promise<Finding[]> {
  const client = openClient(cluster.origin, 120)
  const run = Date.now().toString(36)
  const findings: Finding[] = []
  const measures = [
    () => coldFromPool(client, `cold-node-${run}`, 'node', effort, 150, 250),
    () => coldFromPool(client, `cold-python-${run}`, 'python', effort, 100, undefined),
    () => warm(cluster, `warm-${run}`, effort),
    () => burst(client, `burst-${run}`),
    () => measureWithoutPool(cluster.origin, effort),
  ]
  for (const measure of measures) {
    findings.push(...(await measure().catch((error: unknown) => [notMeasured('on the cluster', error)])))
  }
  return findings
}

async function coldFromPool(
  client: Client,
  name: string,
  kind: 'node' | 'python',
  effort: number,
  p50: number,
  p95: number | undefined,
): Promise<Finding[]> {
  await createFunction(client, name, hello[kind])
  await invoke(client, name, '{}')
  const times: number[] = []
  for (let round = 0; round < Math.ceil(20 * effort); round++) {
    await renewFunction(client, name, `round ${round}`)
    await delay(settleMs)
    times.push(await timed(() => invoke(client, name, '{}')))
  }
  const promise = `cold start on Kubernetes from the pool, ${kind === 'node' ? 'Node.js' : 'Python'}`
  const at = (share: number, limitMs: number): Finding => {
    const value = percentile(times, share)
    const isKept = value <= limitMs
    return { promise: `${promise} p${share * 100}`, measured: milliseconds(value), target: `≤ ${limitMs} ms`, isKept }
  }
  return [at(0.5, p50), ...(p95 === undefined ? [] : [at(0.95, p95)])]
}

async function warm({ origin, image }: ClusterUnderTest, name: string, effort: number): Promise<Finding[]> {
  const ours = openClient(origin, 1)
  await createFunction(ours, name, echo)
  const bare = startBarePod(image)
  try {
    const theirs = openClient(bare.origin, 1)
    const askOurs = () => invoke(ours, name, payload)
    const askTheirs = () => theirs('POST', '/', payload)
    await timeEach(Math.ceil(warmUp * effort), askOurs)
    await timeEach(Math.ceil(warmUp * effort), askTheirs)
    const rounds: { ours: number[]; theirs: number[] }[] = []
    for (let round = 0; round < Math.ceil(10 * effort); round++) {
      rounds.push({ ours: await timeEach(300, askOurs), theirs: await timeEach(300, askTheirs) })
    }
    const p50 = (side: 'ours' | 'theirs') => median(rounds.map((round) => percentile(round[side], 0.5)))
    const ratio = p50('ours') / p50('theirs')
    const measured = `${ratio.toFixed(2)} × (${milliseconds(p50('ours'))} against ${milliseconds(p50('theirs'))})`
    const promise = 'warm invoke p50 on Kubernetes through the Service, with Redis, against a bare echo pod'
    return [{ promise, measured, target: '≤ 4 ×', isKept: ratio <= 4 }]
  } finally {
    bare.remove()
  }
}

/** The number of pods that the node has room for; the others stay Pending. */
async function burst(client: Client, name: string): Promise<Finding[]> {
  const code = "exports.handler = () => new Promise((done) => setTimeout(() => done('ok'), 300))\n"
  await createFunction(client, name, { ...hello.node, code }, { MemorySize: 128 })
  let failed = 0
  const startedMs = performance.now()
  await inParallel(100, 100, () => invoke(client, name, '{}').catch(() => failed++))
  const measured = `${failed} failed; all answered after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`
  return [
    { promise: '100 cold invocations at once on Kubernetes', measured, target: 'none fails', isKept: failed === 0 },
  ]
}

const bareEcho = "require('node:http').createServer((request, response) => request.pipe(response)).listen(8080)"

function startBarePod(image: string) {
  const name = 'bench-bare-echo'
  const remove = () => kubectl('delete', 'pod', name, '--ignore-not-found', '--grace-period=0', '--force')
  remove()
  kubectl(
    'run',
    name,
    `--image=${image}`,
    '--image-pull-policy=IfNotPresent',
    '--command',
    '--',
    'node',
    '-e',
    bareEcho,
  )
  kubectl('wait', `pod/${name}`, '--for=condition=Ready', '--timeout=60s')
  const address = kubectl('get', 'pod', name, '-o', 'jsonpath={.status.podIP}')
  return { origin: `http://${address}:8080`, remove }
}
