import { randomUUID } from 'node:crypto'
import { fakeDocuments } from '../../../functions/catalogue/documents.fake.ts'
import { createCheckpoints, type Checkpoints } from '../../polling/checkpoints.ts'
import { createLocalLeases } from '../../polling/local-leases.ts'
import { startMappingRunner, type MappingRunner } from '../../polling/runner.ts'
import { openSource } from '../../open-source.ts'
import type { PollSettings } from '../../mappings/poll-settings.ts'
import type { FailureRecord, SourceParts } from '../../polling/source.ts'
import { unusedServices, fakeFunction, sourceParts, type Answer } from '../../testing/samples.ts'
import type { TestCluster } from './test-cluster.ts'

/** The members of a batch's event that tests read. */
export interface KafkaEvent {
  readonly bootstrapServers: string
  readonly records: Readonly<Record<string, readonly { readonly offset: number; readonly value: string }[]>>
}

export type FakeHandler = (event: KafkaEvent) => Answer | Promise<Answer>

/** A topic and a group for one test, and the servers that share them. */
export interface KafkaTestbed {
  readonly topic: string
  readonly groupId: string
  /** The events of the function, in order. */
  readonly seen: string[]
  /** The results that the mapping showed, in order. */
  readonly results: (string | undefined)[]
  readonly failures: FailureRecord[]
  /** Records that may be lost, as reported. */
  readonly losses: string[]
  readonly checkpoints: Checkpoints
  /** Starts a server that polls. */
  readonly start: (
    handler?: FakeHandler,
    settings?: Partial<PollSettings>,
    others?: Partial<SourceParts>,
  ) => MappingRunner
  readonly send: (...values: string[]) => Promise<void>
  readonly committed: () => Promise<string>
  readonly close: () => Promise<void>
}

export const valuesOf = ({ records }: KafkaEvent): string[] =>
  Object.values(records).flatMap((each) => each.map(({ value }) => Buffer.from(value, 'base64').toString()))

export async function createKafkaTestbed(cluster: TestCluster, partitions = 1): Promise<KafkaTestbed> {
  const topic = `topic-${randomUUID()}`
  const groupId = `group-${topic}`
  const leases = createLocalLeases(Date.now)
  const checkpoints = createCheckpoints(fakeDocuments(), 'uuid')
  const runners: MappingRunner[] = []
  const [results, failures, seen] = [[] as (string | undefined)[], [] as FailureRecord[], [] as string[]]
  const losses: string[] = []
  const lost = (part: string, reason: string) => void losses.push(`${part}: ${reason}`)
  const report = (result: string | undefined) => void results.push(result)
  const discard = async (failure: FailureRecord) => void failures.push(failure)
  await cluster.newTopic(topic, partitions)
  return {
    topic,
    groupId,
    seen,
    results,
    failures,
    losses,
    checkpoints,
    start(handler = () => ({}), settings = {}, others = {}) {
      const kafka = { bootstrapServers: [cluster.address], topics: [topic], consumerGroupId: groupId }
      const all: Partial<PollSettings> = {
        kind: 'kafka',
        batchSize: 100,
        kafka: { ...kafka, access: [], hasSchemaRegistry: false },
        ...settings,
      }
      const run = fakeFunction((event: KafkaEvent) => {
        seen.push(...valuesOf(event))
        return handler(event)
      })
      const parts = sourceParts(unusedServices, all, run, { checkpoints, discard, report, lost, ...others })
      const runner = startMappingRunner({
        uuid: topic,
        open: () => openSource(parts),
        leases,
        isCurrent: async () => true,
        times: { leaseMs: 20_000, tickMs: 100 },
        report,
        reached: () => undefined,
        warn: () => undefined,
      })
      runners.push(runner)
      return runner
    },
    send: (...values) =>
      cluster.send(
        topic,
        values.map((value) => ({ value, partition: 0 })),
      ),
    committed: async () => (await cluster.committed(groupId, topic)).join(),
    async close() {
      await Promise.all(runners.map((runner) => runner.stop()))
    },
  }
}
