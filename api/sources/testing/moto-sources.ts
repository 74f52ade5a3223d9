import { randomUUID } from 'node:crypto'
import type { Moto } from './moto.ts'
import type { Sent } from './sent.ts'

const arnOf = (service: string, resource: string) => `arn:aws:${service}:us-east-1:123456789012:${resource}`

/** Creates a queue; messages sent to one with `FifoQueue` are ordered. */
export async function newQueue(moto: Moto, Attributes: { readonly FifoQueue?: 'true' } = {}) {
  const sqs = <Answer>(action: string, input: object) => moto.ask<Answer>('sqs', `AmazonSQS.${action}`, input)
  const QueueName = randomUUID() + (Attributes.FifoQueue === 'true' ? '.fifo' : '')
  const { QueueUrl } = await sqs<{ QueueUrl: string }>('CreateQueue', { QueueName, Attributes })
  return {
    arn: arnOf('sqs', QueueName),
    /** Sends up to ten messages. */
    async send(sent: readonly Sent[]): Promise<readonly Sent[]> {
      const Entries = sent.map(({ line, order }, at) => {
        const ofGroup = order === undefined ? {} : { MessageGroupId: order, MessageDeduplicationId: line }
        return { Id: String(at), MessageBody: line, ...ofGroup }
      })
      if (sent.length > 0) await sqs('SendMessageBatch', { QueueUrl, Entries })
      return sent
    },
    async isEmpty(): Promise<boolean> {
      const asked = { QueueUrl, AttributeNames: ['All'] }
      const { Attributes: all = {} } = await sqs<{ Attributes?: Record<string, string> }>('GetQueueAttributes', asked)
      const counts = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']
      return counts.every((count) => all[count] === '0')
    },
  }
}

/** A new Kinesis stream of two shards. */
export async function newStream(moto: Moto) {
  const kinesis = <Answer>(action: string, input: object) =>
    moto.ask<Answer>('kinesis', `Kinesis_20131202.${action}`, input)
  const StreamName = randomUUID()
  await kinesis('CreateStream', { StreamName, ShardCount: 2 })
  return {
    arn: arnOf('kinesis', `stream/${StreamName}`),
    /** Uses a partition key for each line. */
    async send(lines: readonly string[]): Promise<Sent[]> {
      const Records = lines.map((line, at) => ({
        Data: Buffer.from(line).toString('base64'),
        PartitionKey: ['a', 'b', 'c'][at % 3],
      }))
      const { Records: taken } = await kinesis<{ Records: { ShardId: string }[] }>('PutRecords', {
        StreamName,
        Records,
      })
      return lines.map((line, at) => ({ line, order: taken[at]?.ShardId }))
    },
  }
}

/** A new DynamoDB table whose stream has the items before and after. */
export async function newTable(moto: Moto) {
  const dynamodb = <Answer>(action: string, input: object) =>
    moto.ask<Answer>('dynamodb', `DynamoDB_20120810.${action}`, input)
  const TableName = randomUUID()
  const { TableDescription } = await dynamodb<{ TableDescription: { LatestStreamArn: string } }>('CreateTable', {
    TableName,
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  })
  return {
    arn: TableDescription.LatestStreamArn,
    async put(items: readonly { readonly id: string; readonly number: number }[]): Promise<void> {
      const requests = items.map(({ id, number }) => ({
        PutRequest: { Item: { id: { S: id }, number: { N: String(number) } } },
      }))
      await dynamodb('BatchWriteItem', { RequestItems: { [TableName]: requests } })
    },
  }
}
