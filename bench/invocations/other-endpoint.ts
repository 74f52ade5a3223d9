import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { inParallel, openClient } from '../measuring/client.ts'
import { milliseconds, type Finding } from '../measuring/report.ts'
import { percentile, timed } from '../measuring/statistics.ts'

/** Warm invocations of a function that is already at some Lambda endpoint: signed when credentials are set, plain otherwise. */
export async function measureEndpoint(endpoint: string, functionName: string, effort: number): Promise<Finding[]> {
  const ask =
    process.env['AWS_ACCESS_KEY_ID'] === undefined ? plain(endpoint, functionName) : signed(endpoint, functionName)
  const findings: Finding[] = []
  for (const width of [1, 10]) {
    await inParallel(Math.ceil(500 * effort), width, ask)
    const samples: number[] = []
    await inParallel(Math.ceil(5000 * effort), width, async () => samples.push(await timed(ask)))
    findings.push({
      promise: width === 1 ? 'warm invoke, sequential, 1 kB' : `warm invoke, ${width} concurrent, 1 kB`,
      measured: `p50 ${milliseconds(percentile(samples, 0.5))}, p99 ${milliseconds(percentile(samples, 0.99))}`,
      target: '',
    })
  }
  return findings
}

const payload = JSON.stringify({ text: 'x'.repeat(1013) })

function plain(endpoint: string, functionName: string): () => Promise<void> {
  const client = openClient(endpoint, 10)
  return async () => {
    const { status, body } = await client(
      'POST',
      `/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`,
      payload,
    )
    if (status !== 200) throw new Error(`HTTP ${status}: ${body.toString().slice(0, 300)}`)
  }
}

function signed(endpoint: string, functionName: string): () => Promise<void> {
  const client = new LambdaClient({ endpoint, region: process.env['AWS_REGION'] ?? 'us-east-1' })
  return async () => {
    await client.send(new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(payload) }))
  }
}
