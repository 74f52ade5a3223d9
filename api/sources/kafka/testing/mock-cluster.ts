import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe } from '@jest/globals'
import { startBrokerFront } from './broker-front.ts'
import { hasOpenssl } from '../../../testing/certificates.ts'
import { openCluster } from '../client/cluster.ts'
import { putBatch, testAccess, type TestCluster } from './test-cluster.ts'

/** The mock cluster that librdkafka uses for its own tests: topics, groups and offsets in memory. */
export interface MockCluster extends TestCluster {
  /** The port of the broker itself, for other proxies. */
  readonly port: number
  /** Returns this error of Kafka's protocol for the topic from now on; 0 for none. */
  failTopic(name: string, error: number): Promise<void>
  setUp(isUp: boolean): Promise<void>
  /** Produces a batch to the first partition unchanged. */
  sendBatch(topic: string, batch: Buffer): Promise<void>
  /** Sends a text so many times to the first partition, in one batch that librdkafka compresses. */
  sendCompressed(topic: string, codec: string, count: number, text: string): Promise<void>
}

const isThere = spawnSync('python3', ['-c', 'import ctypes; ctypes.CDLL("librdkafka.so.1")']).status === 0

/** Describes tests that need librdkafka. Without it they are skipped, and the name says so. */
export function describeWithKafka(name: string, tests: () => void): void {
  describeWhere(isThere, 'there is no python3 with librdkafka.so.1', name, tests)
}

/** The same for tests that also need certificates. */
export function describeWithSecureKafka(name: string, tests: () => void): void {
  if (hasOpenssl) describeWithKafka(name, tests)
  else describeWhere(false, 'there is no openssl', name, tests)
}

function describeWhere(isPossible: boolean, otherwise: string, name: string, tests: () => void): void {
  if (isPossible) describe(name, tests)
  else describe.skip(`${name} (skipped: ${otherwise})`, tests)
}

export async function startMockCluster(): Promise<MockCluster> {
  const script = fileURLToPath(new URL('./mock-cluster.py', import.meta.url))
  const child = spawn('python3', [script], { stdio: ['pipe', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => String((await lines.next()).value)
  const port = Number((await answer()).split(':')[1])
  const front = await startBrokerFront({ port })
  const { address } = front
  const cluster = await openCluster({ bootstrapServers: [address] })
  const ask = async (line: string) => {
    child.stdin.write(`${line}\n`)
    const code = await answer()
    if (code !== '0') throw new Error(`the mock cluster answers ${code} to: ${line}`)
  }
  return {
    address,
    port,
    newTopic: (name, partitions) => ask(`topic ${name} ${partitions}`),
    failTopic: (name, error) => ask(`fail ${name} ${error}`),
    setUp: (isUp) => ask(isUp ? 'up' : 'down'),
    ...testAccess(cluster),
    sendBatch: (topic, batch) => putBatch(cluster, topic, 0, batch),
    sendCompressed: (topic, codec, count, text) => ask(`send ${topic} ${codec} ${count} ${text}`),
    async close() {
      await cluster.close()
      await front.close()
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
