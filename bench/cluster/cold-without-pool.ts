import { setTimeout as delay } from 'node:timers/promises'
import { kubectl, openBarePods } from './bare-pod.ts'
import { openClient } from '../measuring/client.ts'
import { createFunction, hello, invoke, renewFunction } from '../measuring/functions.ts'
import { milliseconds, type Finding } from '../measuring/report.ts'
import { median, timed } from '../measuring/statistics.ts'

const deployment = ['-n', 'kubelambda', 'deployment/kubelambda'] as const
const setting = 'KUBELAMBDA_POOL_SIZE'
/** Time until the pods of the previous round are gone, in milliseconds. */
const settleMs = 3_000

/** Cold starts for which a pod has to be created, against a bare pod of the same image; the servers keep no pool meanwhile. */
export async function measureWithoutPool(origin: string, effort: number): Promise<Finding[]> {
  const former = kubectl('get', ...deployment, '-o', `jsonpath={..containers[0].env[?(@.name=="${setting}")].value}`)
  setPool('=0')
  try {
    return await measure(origin, Math.ceil(10 * effort))
  } finally {
    setPool(former === '' ? '-' : `=${former}`)
  }
}

function setPool(value: string): void {
  kubectl('set', 'env', ...deployment, '--containers=server', `${setting}${value}`)
  kubectl('rollout', 'status', ...deployment, '--timeout=300s')
}

async function measure(origin: string, rounds: number): Promise<Finding[]> {
  const client = openClient(origin, 1)
  const name = `unpooled-${Date.now().toString(36)}`
  await createFunction(client, name, hello.node)
  await invoke(client, name, '{}')
  const bare = await openBarePods(imageOf(name))
  const samples: { ours: number; theirs: number }[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      await renewFunction(client, name, `round ${round}`)
      await delay(settleMs)
      const ours = await timed(() => invoke(client, name, '{}'))
      const pod = `bench-bare-${round}`
      const theirs = await timed(() => bare.start(pod))
      await bare.remove(pod)
      samples.push({ ours, theirs })
    }
  } finally {
    bare.close()
  }
  const p50 = (side: 'ours' | 'theirs') => median(samples.map((sample) => sample[side]))
  const ratio = p50('ours') / p50('theirs')
  const measured = `${ratio.toFixed(2)} × (${milliseconds(p50('ours'))} against ${milliseconds(p50('theirs'))})`
  const promise = "cold start on Kubernetes without the pool, Node.js p50, against a bare pod's create-to-running"
  return [{ promise, measured, target: '≤ 1.2 ×', isKept: ratio <= 1.2 }]
}

function imageOf(name: string): string {
  const pods = kubectl('get', 'pods', '-A', '-l', `kubelambda.dev/function=${name}`, '-o', 'jsonpath={..image}')
  return pods.split(' ')[0] ?? ''
}
