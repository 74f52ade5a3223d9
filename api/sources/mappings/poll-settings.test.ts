import { expect, test } from '@jest/globals'
import type { EventSourceMapping, MappingSettings } from './mapping.ts'
import { polledMapping } from './poll-settings.ts'

const home = { accountId: '000000000000', region: 'us-east-1' }
const polled = (settings: Partial<MappingSettings>) => {
  const mapping: EventSourceMapping = {
    id: 'uuid',
    functionName: 'f',
    source: { kind: 'kafka', bootstrapServers: ['b:9092'] },
    settings: { batchSize: 100, topics: ['t'], ...settings },
    isEnabled: true,
    lastModifiedMs: 0,
    tags: {},
  }
  return polledMapping(mapping, home).settings
}
const handling = {
  bisectBatchOnFunctionError: true,
  maximumRetryAttempts: 3,
  maximumRecordAgeSeconds: 60,
  functionResponseTypes: ['ReportBatchItemFailures'],
}

test('Kafka’s default batching window is half a second, and its default consumer group is the mapping’s id', () => {
  expect(polled({})).toMatchObject({ batchingWindowSeconds: 0.5, kafka: { consumerGroupId: 'uuid' } })
  const other = polled({ maximumBatchingWindowSeconds: 2, consumerGroupId: 'g' })
  expect(other).toMatchObject({ batchingWindowSeconds: 2, kafka: { consumerGroupId: 'g' } })
})

test('Kafka applies the settings of error handling in provisioned mode only', () => {
  const given = {
    bisectsOnError: true,
    maximumRetryAttempts: 3,
    maximumRecordAgeSeconds: 60,
    reportsItemFailures: true,
  }
  expect(polled({ ...handling, pollers: { minimum: 1 } })).toMatchObject(given)
  const ignored = {
    bisectsOnError: false,
    maximumRetryAttempts: -1,
    maximumRecordAgeSeconds: -1,
    reportsItemFailures: false,
  }
  expect(polled(handling)).toMatchObject(ignored)
})

test('Kafka batches without a limit of retries are retried 10 times if there is an on-failure destination', () => {
  const onFailure = 'arn:aws:sqs:us-east-1:000000000000:dead'
  expect(polled({ onFailure }).maximumRetryAttempts).toBe(10)
  expect(polled({ onFailure, maximumRetryAttempts: 3, pollers: { minimum: 1 } }).maximumRetryAttempts).toBe(3)
})
