import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { fakeDocuments } from '../../functions/catalogue/documents.fake.ts'
import { createCheckpoints, type Checkpoints } from '../polling/checkpoints.ts'
import type { PollSettings } from '../mappings/poll-settings.ts'
import { createScheduleSource } from './source.ts'
import { SourceFault, type SourceEvent, type SourceParts } from '../polling/source.ts'
import { eventually } from '../testing/eventually.ts'
import { unusedServices, fakeFunction, sourceParts } from '../testing/samples.ts'

const rule = 'arn:aws:events:eu-west-1:123456789012:rule/nightly'
const at = (text: string) => Date.parse(`2026-07-01T${text}Z`)

let checkpoints: Checkpoints
let ending: AbortController
let polling: Promise<void>
let accepted: { event: SourceEvent; knownForMs: number }[]
let clockMs: number
beforeEach(() => {
  checkpoints = createCheckpoints(fakeDocuments(), 'uuid')
  ending = new AbortController()
  polling = Promise.resolve()
  accepted = []
  clockMs = at('12:00:00')
})
afterEach(async () => {
  ending.abort()
  await polling.catch(() => undefined)
})

const poll = (
  expression: string,
  settings: Partial<PollSettings> = {},
  others: Partial<SourceParts> = {},
  fence = 1,
) => {
  const given = { sourceArn: `${rule}/${expression}`, enabledMs: at('12:00:00'), ...settings }
  const parts = sourceParts(unusedServices, given, fakeFunction(), {
    checkpoints,
    accept: async (event, knownForMs) => void accepted.push({ event, knownForMs }),
    now: () => clockMs,
    ...others,
  })
  polling = createScheduleSource(parts).poll('schedule', { name: 'schedule', fence }, ending.signal)
  polling.catch(() => undefined)
}
const stop = async () => {
  ending.abort()
  await polling
  ending = new AbortController()
}
const kept = async () => (await checkpoints.find('schedule'))?.sequenceNumber
const timeOf = ({ event }: { event: SourceEvent }) =>
  (JSON.parse(Buffer.from(event.payload).toString()) as { time: string }).time

test('a tick is an event as EventBridge sends it, under an id that is always the same', async () => {
  clockMs = at('12:05:30')
  poll('rate(5 minutes)', { functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f:live' })
  await eventually(() => accepted.length === 1)
  const [tick] = accepted
  expect(tick?.event).toMatchObject({ functionName: 'f', qualifier: 'live', acceptedMs: clockMs })
  expect(tick?.event.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(JSON.parse(Buffer.from(tick?.event.payload ?? []).toString())).toEqual({
    version: '0',
    id: tick?.event.id,
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '123456789012',
    time: '2026-07-01T12:05:00Z',
    region: 'eu-west-1',
    resources: [rule],
    detail: {},
  })
})

test('missed invocations are made up for once, and remembered until the next is due', async () => {
  clockMs = at('15:30:00')
  poll('cron(0 * * * ? *)')
  await eventually(async () => (await kept()) !== undefined)
  await stop()
  poll('cron(0 * * * ? *)', {}, {}, 2)
  await stop()
  expect(accepted.map(timeOf)).toEqual(['2026-07-01T15:00:00Z'])
  expect(accepted[0]?.knownForMs).toBeGreaterThan(30 * 60_000)
})

test('invocations that were due before the mapping was enabled are not made up for', async () => {
  await checkpoints.save('schedule', { sequenceNumber: String(at('12:00:00')) }, 1)
  clockMs = at('15:30:00')
  poll('cron(0 * * * ? *)', { enabledMs: at('15:10:00') })
  await stop()
  expect(accepted).toEqual([])
})

test('the next tick comes when it is due', async () => {
  const beginning = Date.now()
  poll('cron(* * * * ? *)', { enabledMs: at('11:59:59') - 1 }, { now: () => at('12:00:59') + Date.now() - beginning })
  await eventually(() => accepted.length === 2)
  expect(accepted.map(timeOf)).toEqual(['2026-07-01T12:00:00Z', '2026-07-01T12:01:00Z'])
})

test('a tick that was accepted by a server that died is accepted again under the same id, and not by one before it', async () => {
  clockMs = at('13:00:00')
  const died = { ...checkpoints, save: () => Promise.reject(new Error('died')) }
  poll('cron(0 * * * ? *)', {}, { checkpoints: died })
  await expect(polling).rejects.toThrow('died')
  poll('cron(0 * * * ? *)', {}, {}, 2)
  await eventually(async () => (await kept()) !== undefined)
  await stop()
  expect(accepted).toHaveLength(2)
  expect(accepted[0]?.event.id).toBe(accepted[1]?.event.id)
  clockMs = at('14:00:00')
  poll('cron(0 * * * ? *)', {}, {}, 1)
  await expect(polling).rejects.toThrow('Another server')
  expect(await kept()).toBe(String(at('13:00:00')))
})

test('the tick of a function that is gone waits for it', async () => {
  clockMs = at('13:00:00')
  const gone = Object.assign(fakeFunction(), { target: async () => undefined })
  poll('cron(0 * * * ? *)', {}, { run: gone })
  await expect(polling).rejects.toEqual(new SourceFault('Function does not exist'))
  expect([accepted, await kept()]).toEqual([[], undefined])
})
