import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../../testing/eventually.ts'
import { openCluster } from '../client/cluster.ts'
import { startBrokerFront, type BrokerFront } from '../testing/broker-front.ts'
import { describeWithKafka, startMockCluster, type MockCluster } from '../testing/mock-cluster.ts'
import { createKafkaTestbed } from '../testing/kafka-testbed.ts'

describeWithKafka('topics that are missing', () => {
  let cluster: MockCluster
  let front: BrokerFront
  let asked: boolean[]
  beforeAll(async () => {
    cluster = await startMockCluster()
    front = await startBrokerFront({ port: cluster.port, askedForTopics: (makesThem) => void asked.push(makesThem) })
  }, 60_000)
  afterAll(async () => {
    await front.close()
    await cluster.close()
  })

  test('are not created by reading from one and sending failures to another', async () => {
    asked = []
    const testbed = await createKafkaTestbed(cluster)
    await testbed.send('m')
    const kafka = { bootstrapServers: [front.address], topics: [testbed.topic], consumerGroupId: testbed.groupId }
    testbed.start(() => ({ functionError: 'Unhandled' }), {
      maximumRetryAttempts: 0,
      onFailure: 'kafka://missing',
      kafka: { ...kafka, access: [], hasSchemaRegistry: false },
    })
    await eventually(() => testbed.failures.length > 0)
    const before = asked.length
    await testbed.failures[0]?.send?.(AbortSignal.timeout(20_000))
    await testbed.close()
    expect(asked.length).toBeGreaterThan(before)
    expect(new Set(asked)).toEqual(new Set([false]))
  }, 60_000)

  test('are created by a request that asks for it', async () => {
    asked = []
    const asking = await openCluster({ bootstrapServers: [front.address] })
    const topics = [{ id: null, name: 'other' }]
    await asking.ask(asking.api.METADATA, { topics, allowTopicAutoCreation: true })
    await asking.close()
    expect(asked).toContain(true)
  }, 60_000)
})
