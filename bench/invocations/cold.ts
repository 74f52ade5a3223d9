import { setTimeout as delay } from 'node:timers/promises'
import { prepareBareStart } from './bare-start.ts'
import { openClient } from '../measuring/client.ts'
import { createFunction, hello, invoke, renewFunction } from '../measuring/functions.ts'
import { milliseconds, notMeasured, type Finding } from '../measuring/report.ts'
import type { RunningServer } from '../servers/servers.ts'
import { median, timed } from '../measuring/statistics.ts'

/** The pause before each cold start. */
const settleMs = 500

/** First invocations of new environments against the bare start of the same interpreter and handler. */
export async function measureCold(server: RunningServer, effort: number): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const kind of ['node', 'python'] as const) {
    findings.push(
      await measureRuntime(server, kind, effort).catch((error: unknown) => notMeasured(promiseOf(kind), error)),
    )
  }
  return findings
}

function promiseOf(kind: 'node' | 'python'): string {
  return `cold start p50, ${kind === 'node' ? 'Node.js' : 'Python'}, against the bare start of runtime and handler`
}

async function measureRuntime(server: RunningServer, kind: 'node' | 'python', effort: number): Promise<Finding> {
  const client = openClient(server.origin, 1)
  const name = `cold-${kind}`
  const event = JSON.stringify({ greeting: 'hello' })
  await createFunction(client, name, hello[kind])
  const answer = await invoke(client, name, event)
  const { executable } = JSON.parse(answer.body.toString()) as { executable: string }
  const bare = await prepareBareStart(hello[kind], executable)
  const ours: number[] = []
  const theirs: number[] = []
  try {
    for (let round = 0; round < Math.ceil(20 * effort); round++) {
      await renewFunction(client, name, `round ${round}`)
      // Environments of the previous round end and spares are refilled now, outside the measurement.
      await delay(settleMs)
      ours.push(await timed(() => invoke(client, name, event)))
      theirs.push(await timed(() => bare.run(event)))
    }
  } finally {
    await bare.remove()
  }
  const ratio = median(ours) / median(theirs)
  return {
    promise: promiseOf(kind),
    measured: `${ratio.toFixed(2)} × (${milliseconds(median(ours))} against ${milliseconds(median(theirs))})`,
    target: '≤ 1.5 ×',
    isKept: ratio <= 1.5,
  }
}
