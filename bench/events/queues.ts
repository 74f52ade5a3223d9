import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { openClient, type Client } from '../measuring/client.ts'
import { createFunction, type Source } from '../measuring/functions.ts'
import { openRendezvous, type Rendezvous } from '../measuring/rendezvous.ts'
import type { Finding } from '../measuring/report.ts'
import { freePort, startKubelambda } from '../servers/servers.ts'
import { median } from '../measuring/statistics.ts'

/** Sends the bench one byte per message. */
const telling: Source = {
  runtime: 'nodejs24.x',
  file: 'index.js',
  code: `const socket = require('node:net').connect(Number(process.env.BENCH_PORT), '127.0.0.1')
socket.on('error', () => {})
const connected = new Promise((resolve) => socket.once('connect', resolve))
exports.handler = async ({ Records }) => {
  await connected
  await new Promise((resolve) => socket.write('.'.repeat(Records.length), resolve))
}
`,
}

const perCall = 10
/** Concurrent batches of both sides: the number that a mapping without a maximum begins with; moto slows down with more. */
const batchesAtOnce = 5
const promise = 'SQS mapping, messages/s, against a bare polling loop, five concurrent batches each'

/** Messages per second of a mapping, against loops that only receive and delete, on the same moto in alternating rounds. */
export async function measureQueues(effort: number): Promise<Finding[]> {
  if (spawnSync('moto_server', ['--help']).status !== 0) {
    return [{ promise, measured: 'skipped: there is no moto_server', target: '' }]
  }
  const port = await freePort()
  const moto = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const queues = openClient(`http://127.0.0.1:${port}`, batchesAtOnce)
  const settings = {
    KUBELAMBDA_SQS_ENDPOINT: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  }
  const server = await startKubelambda([], settings)
  const done = await openRendezvous()
  try {
    await untilAnswers(queues)
    return await compare({ queues, api: openClient(server.origin, 4), done }, effort)
  } finally {
    done.close()
    await server.stop()
    const ended = once(moto, 'exit')
    moto.kill('SIGKILL')
    await ended
  }
}

interface Bench {
  readonly queues: Client
  readonly api: Client
  readonly done: Rendezvous
}

async function compare(bench: Bench, effort: number): Promise<Finding[]> {
  const { api, done } = bench
  const variables = { BENCH_PORT: String(done.port) }
  await createFunction(api, 'drain', telling, { Timeout: 30, Environment: { Variables: variables } })
  const count = Math.ceil(20 * effort) * perCall
  const rates = { ours: [] as number[], bare: [] as number[] }
  for (let round = 0; round < Math.ceil(3 * effort) + 1; round++) {
    const [ours, bare] = [await drainByMapping(bench, round, count), await drainBarely(bench, round, count)]
    // The first round starts the function's environments.
    if (round === 0) continue
    rates.ours.push(ours)
    rates.bare.push(bare)
  }
  const [ours, bare] = [median(rates.ours), median(rates.bare)]
  const measured = `${(ours / bare).toFixed(2)} × (${Math.round(ours)}/s against ${Math.round(bare)}/s)`
  return [{ promise, measured, target: '≥ 0.8 ×', isKept: ours / bare >= 0.8 }]
}

/** Time from the first message that ran to the last. */
async function drainByMapping(bench: Bench, round: number, count: number): Promise<number> {
  const { api, done } = bench
  const url = await filledQueue(bench, `ours-${round}`, count)
  const before = done.bytes()
  const ScalingConfig = { MaximumConcurrency: batchesAtOnce }
  const mapping = { FunctionName: 'drain', EventSourceArn: arnOf(url), BatchSize: perCall, ScalingConfig }
  const made = await api('POST', '/2015-03-31/event-source-mappings', JSON.stringify(mapping))
  await done.until(() => done.bytes() > before, 60_000)
  const [startedAt, first] = [performance.now(), done.bytes()]
  const isDrained = await done.until(() => done.bytes() >= before + count, 120_000)
  const seconds = (performance.now() - startedAt) / 1000
  const { UUID } = JSON.parse(made.body.toString()) as { UUID: string }
  await api('DELETE', `/2015-03-31/event-source-mappings/${UUID}`)
  if (!isDrained) throw new Error(`${done.bytes() - before} of ${count} messages ran in 120 s`)
  return (before + count - first) / seconds
}

async function drainBarely(bench: Bench, round: number, count: number): Promise<number> {
  const QueueUrl = await filledQueue(bench, `bare-${round}`, count)
  let [left, startedAt, first] = [count, 0, 0]
  const loop = async () => {
    while (left > 0) {
      const received = await ask<{ Messages?: { ReceiptHandle: string }[] }>(bench.queues, 'ReceiveMessage', {
        QueueUrl,
        MaxNumberOfMessages: perCall,
        AttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      })
      const Entries = (received.Messages ?? []).map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }))
      if (Entries.length === 0) continue
      if (startedAt === 0) [startedAt, first] = [performance.now(), Entries.length]
      await ask(bench.queues, 'DeleteMessageBatch', { QueueUrl, Entries })
      left -= Entries.length
    }
  }
  await Promise.all(Array.from({ length: batchesAtOnce }, loop))
  return (count - first) / ((performance.now() - startedAt) / 1000)
}

async function filledQueue({ queues }: Bench, QueueName: string, count: number): Promise<string> {
  const { QueueUrl } = await ask<{ QueueUrl: string }>(queues, 'CreateQueue', { QueueName })
  for (let from = 0; from < count; from += perCall) {
    const Entries = Array.from({ length: perCall }, (_, at) => ({ Id: String(at), MessageBody: `{"n":${from + at}}` }))
    await ask(queues, 'SendMessageBatch', { QueueUrl, Entries })
  }
  return QueueUrl
}

function arnOf(url: string): string {
  const [account, name] = url.split('/').slice(-2)
  return `arn:aws:sqs:us-east-1:${account ?? ''}:${name ?? ''}`
}

async function ask<Result>(queues: Client, action: string, input: object): Promise<Result> {
  const answer = await queues('POST', '/', JSON.stringify(input), {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `AmazonSQS.${action}`,
    authorization:
      'AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0',
  })
  if (answer.status !== 200)
    throw new Error(`${action}: HTTP ${answer.status}: ${answer.body.toString().slice(0, 200)}`)
  return JSON.parse(answer.body.toString()) as Result
}

async function untilAnswers(queues: Client): Promise<void> {
  const deadline = Date.now() + 60_000
  const isThere = () =>
    queues('GET', '/moto-api/data.json').then(
      ({ status }) => status === 200,
      () => false,
    )
  while (!(await isThere())) {
    if (Date.now() > deadline) throw new Error('moto_server does not start')
    await wait(100)
  }
}
