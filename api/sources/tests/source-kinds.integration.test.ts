import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from '@jest/globals'
import { openEntryStream } from '../../store/redis/streams/entry-stream.ts'
import { describeWithRedis, startRedis, type RunningRedis } from '../../store/redis/testing/redis-server.ts'
import type { JsonService } from '../../aws/services.ts'
import { describeWithKafka, startMockCluster, type MockCluster } from '../kafka/testing/mock-cluster.ts'
import { valuesOf } from '../kafka/testing/kafka-testbed.ts'
import { describeSource, type TestedSource } from '../source.contract.ts'
import { eventually } from '../testing/eventually.ts'
import { describeWithMoto, servicesAt, startMoto, type Moto } from '../testing/moto.ts'
import { startQueueProxy, type QueueProxy } from '../testing/queue-proxy.ts'

const account = 'us-east-1:123456789012'
/**
 * Long enough that what failed comes back when the test says so, and short enough that a message which the queue handed to a
 * client that had just left comes back within a test.
 */
const hiddenSeconds = 15

describeWithMoto('with services of AWS', () => {
  let moto: Moto
  let queues: QueueProxy
  beforeAll(async () => {
    moto = await startMoto()
    queues = await startQueueProxy(moto.address, hiddenSeconds)
  }, 60_000)
  afterAll(async () => {
    queues.close()
    await moto.close()
  })

  const ask = <Answer>(service: JsonService, target: string, input: object) => moto.ask<Answer>(service, target, input)
  /** The way to the services, which can be cut, also under calls that wait. */
  const reach = (services = moto.services) => {
    let way = new AbortController()
    const call: Moto['services']['call'] = ({ signal, ...asked }) =>
      services.call({ ...asked, signal: signal === undefined ? way.signal : AbortSignal.any([signal, way.signal]) })
    return {
      parts: { services: { ...services, call } },
      cut: async () => way.abort(new Error('connection refused')),
      mend: async () => void (way = new AbortController()),
    }
  }

  describeSource('a FIFO queue', async (): Promise<TestedSource> => {
    const name = `${randomUUID()}.fifo`
    const Attributes = { FifoQueue: 'true', ContentBasedDeduplication: 'true' }
    const queue = { QueueName: name, Attributes }
    const { QueueUrl } = await ask<{ QueueUrl: string }>('sqs', 'AmazonSQS.CreateQueue', queue)
    const way = reach(servicesAt(queues.address))
    const isEmpty = async () => {
      const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']
      const input = { QueueUrl, AttributeNames }
      const { Attributes } = await ask<{ Attributes: object }>('sqs', 'AmazonSQS.GetQueueAttributes', input)
      return Object.values(Attributes).every((count) => count === '0')
    }
    return {
      ...way,
      cut: async () => {
        // A message that is run and not deleted would keep its group hidden for longer than the test.
        await eventually(isEmpty)
        await way.cut()
      },
      settings: { kind: 'sqs', sourceArn: `arn:aws:sqs:${account}:${name}`, batchSize: 10 },
      send: async (MessageGroupId, texts) => {
        for (const MessageBody of texts) {
          await ask('sqs', 'AmazonSQS.SendMessage', { QueueUrl, MessageBody, MessageGroupId })
        }
      },
      textsOf: (event: { Records: { body: string }[] }) => event.Records.map(({ body }) => body),
      comeBack: async (event) => {
        const { Records } = event as { Records: { receiptHandle: string }[] }
        for (const { receiptHandle: ReceiptHandle } of Records) {
          const input = { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }
          await ask('sqs', 'AmazonSQS.ChangeMessageVisibility', input)
        }
      },
    }
  })

  describeSource('a Kinesis stream', async (): Promise<TestedSource> => {
    const name = randomUUID()
    const arn = `arn:aws:kinesis:${account}:stream/${name}`
    await ask('kinesis', 'Kinesis_20131202.CreateStream', { StreamName: name, ShardCount: 2 })
    return {
      ...reach(),
      settings: { kind: 'kinesis', sourceArn: arn },
      send: async (PartitionKey, texts) => {
        for (const text of texts) {
          const Data = Buffer.from(text).toString('base64')
          await ask('kinesis', 'Kinesis_20131202.PutRecord', { StreamARN: arn, Data, PartitionKey })
        }
      },
      textsOf: (event: { Records: { kinesis: { data: string } }[] }) =>
        event.Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString()),
    }
  })

  describeSource('a DynamoDB stream', async (): Promise<TestedSource> => {
    const TableName = randomUUID()
    const { TableDescription } = await ask<{ TableDescription: { LatestStreamArn: string } }>(
      'dynamodb',
      'DynamoDB_20120810.CreateTable',
      {
        TableName,
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
      },
    )
    return {
      ...reach(),
      settings: { kind: 'dynamodb', sourceArn: TableDescription.LatestStreamArn },
      send: async (group, texts) => {
        for (const text of texts) {
          const Item = { id: { S: group }, text: { S: text } }
          await ask('dynamodb', 'DynamoDB_20120810.PutItem', { TableName, Item })
        }
      },
      textsOf: (event: { Records: { dynamodb: { NewImage: { text: { S: string } } } }[] }) =>
        event.Records.map(({ dynamodb }) => dynamodb.NewImage.text.S),
    }
  })
})

describeWithRedis('with a Redis of its own', () => {
  let redis: RunningRedis
  beforeAll(async () => {
    redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'])
  })
  afterAll(() => redis.stop())

  describeSource('a Redis stream', async (): Promise<TestedSource> => {
    const key = randomUUID()
    return {
      settings: { kind: 'redis', sourceArn: `arn:aws:elasticache:${account}:stream/main/${key}` },
      parts: { openEntryStream: (_server, name, group) => openEntryStream({ url: redis.url, key: name, group }) },
      send: async (_group, texts) => {
        for (const text of texts) redis.cli('XADD', key, '*', 'text', text)
      },
      textsOf: (event: { Records: { redisStream: { fields: { text: string } } }[] }) =>
        event.Records.map(({ redisStream }) => redisStream.fields.text),
      cut: () => redis.signal('SIGKILL'),
      mend: () => redis.restart(),
    }
  })
})

describeWithKafka('with a Kafka cluster of its own', () => {
  let cluster: MockCluster
  beforeAll(async () => {
    cluster = await startMockCluster()
  }, 60_000)
  afterAll(() => cluster.close())

  describeSource('a Kafka topic', async (): Promise<TestedSource> => {
    const topic = randomUUID()
    const partitions = ['a', 'b', 'c']
    await cluster.newTopic(topic, partitions.length)
    const kafka = { bootstrapServers: [cluster.address], topics: [topic], consumerGroupId: topic }
    return {
      settings: { kind: 'kafka', kafka: { ...kafka, access: [], hasSchemaRegistry: false } },
      parts: { times: { leaseMs: 20_000, tickMs: 100 } },
      send: (group, texts) => {
        const partition = partitions.indexOf(group)
        return cluster.send(
          topic,
          texts.map((value) => ({ value, partition })),
        )
      },
      textsOf: valuesOf,
      cut: () => cluster.setUp(false),
      mend: () => cluster.setUp(true),
    }
  })
})
