import { expect, test } from '@jest/globals'
import type { Sender } from './sender.ts'
import { Subscription } from './subscription.ts'
import type { SubscriptionRequest } from '../runtime-api/extensions/subscription-request.ts'
import { lineRecord } from './telemetry-record.ts'

const request: SubscriptionRequest = {
  api: 'telemetry',
  schemaVersion: '2022-12-13',
  types: ['platform', 'function'],
  maxItems: 1_000,
  maxBytes: 262_144,
  timeoutMs: 30_000,
  destination: { protocol: 'HTTP', port: 8080, path: '/' },
}

/** A subscription whose deliveries are noted; each is taken when the test says so. */
function subscribe() {
  const deliveries: string[][] = []
  const waiting: (() => void)[] = []
  const sender: Sender = {
    send: (records) => {
      deliveries.push([...records])
      return new Promise((resolve) => waiting.push(resolve))
    },
    close: () => undefined,
  }
  const subscription = new Subscription(request, sender)
  const add = (count: number, line: string) => {
    for (let index = 0; index < count; index++) subscription.add(lineRecord('function', line, new Date(), false))
  }
  const takeNext = async () => {
    waiting.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { subscription, deliveries, add, takeNext }
}

test('records are buffered up to the maximum number of a delivery', () => {
  const { subscription, deliveries, add } = subscribe()
  add(999, 'x')
  expect(deliveries).toEqual([])
  add(1, 'x')
  expect(deliveries.map(({ length }) => length)).toEqual([1000])
  subscription.close()
})

test('records are buffered up to the maximum bytes of a delivery', () => {
  const { subscription, deliveries, add } = subscribe()
  add(2, 'x'.repeat(130_000))
  expect(deliveries).toEqual([])
  add(1, 'x'.repeat(10_000))
  expect(deliveries.map(({ length }) => length)).toEqual([3])
  subscription.close()
})

test("deliveries are sequential, and records beyond a slow subscriber's buffer are counted and reported", async () => {
  const { subscription, deliveries, add, takeNext } = subscribe()
  add(1000, 'x')
  add(2500, 'y')
  expect(deliveries).toHaveLength(1)
  for (let round = 0; round < 3; round++) await takeNext()
  expect(deliveries.map(({ length }) => length)).toEqual([1000, 1001, 1000])
  const { type, record } = JSON.parse(deliveries[1]![0]!) as { type: string; record: Record<string, unknown> }
  expect([type, record['droppedRecords']]).toEqual(['platform.logsDropped', 500])
  subscription.close()
})
