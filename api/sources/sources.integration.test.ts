import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Leases } from './polling/lease.ts'
import { createLocalLeases } from './polling/local-leases.ts'
import { MissingEndpoint } from '../aws/endpoint.ts'
import { createSources, type Sources } from './sources.ts'
import { eventually } from './testing/eventually.ts'
import { describeWithMoto, startMoto, type Moto } from './testing/moto.ts'
import type { SourceKind } from './mappings/mapping.ts'
import type { SourcesParts } from './sources.ts'
import { aMapping, fakeMappings, fakeFunction, sourcesParts, type FakeMappings } from './testing/samples.ts'

interface Event {
  Records: { body: string }[]
}

describeWithMoto('event source mappings', () => {
  let moto: Moto
  let mappings: FakeMappings
  let opened: Sources[]
  let bodies: string[]
  beforeAll(async () => {
    moto = await startMoto()
  }, 60_000)
  afterAll(() => moto.close())
  beforeEach(() => {
    mappings = fakeMappings()
    opened = []
    bodies = []
  })
  afterEach(() => Promise.all(opened.map((each) => each.close())))

  const newQueue = async () => {
    const name = randomUUID()
    const { QueueUrl: url } = await moto.ask<{ QueueUrl: string }>('sqs', 'AmazonSQS.CreateQueue', { QueueName: name })
    const settings = aMapping({ uuid: randomUUID(), sourceArn: `arn:aws:sqs:us-east-1:123456789012:${name}` })
    const send = (body: string) => moto.ask('sqs', 'AmazonSQS.SendMessage', { QueueUrl: url, MessageBody: body })
    return { name, url, settings, send }
  }
  const take = (event: Event) => {
    bodies.push(...event.Records.map(({ body }) => body))
    return {}
  }
  const open = (
    leases: Leases = createLocalLeases(Date.now),
    respond: (event: Event) => object | Promise<object> = take,
  ) => {
    const [times, runBatch] = [{ leaseMs: 500, tickMs: 100 }, () => fakeFunction(respond)]
    const sources = createSources(sourcesParts(mappings, { leases, times, services: moto.services, runBatch }))
    opened.push(sources)
    sources.start()
    return sources
  }

  test('that are stored as enabled run after a start; disabled ones do not', async () => {
    const [one, other] = [await newQueue(), await newQueue()]
    await one.send('one')
    await other.send('other')
    mappings.put(other.settings, 'Disabled')
    mappings.put(one.settings, 'Enabled')
    open()
    await eventually(() => bodies.length > 0)
    expect(bodies).toEqual(['one'])
  })

  test('that are being disabled or deleted stop after their running batches', async () => {
    const [one, other] = [await newQueue(), await newQueue()]
    const release = Promise.withResolvers<undefined>()
    mappings.put(one.settings, 'Enabled')
    mappings.put(other.settings, 'Enabled')
    const sources = open(createLocalLeases(Date.now), (event) => release.promise.then(() => take(event)))
    const isTaken = async (url: string) => {
      const asked = { QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessagesNotVisible'] }
      const { Attributes } = await moto.ask<{ Attributes: Record<string, string> }>(
        'sqs',
        'AmazonSQS.GetQueueAttributes',
        asked,
      )
      return Attributes['ApproximateNumberOfMessagesNotVisible'] === '1'
    }
    await one.send('one')
    await other.send('other')
    await eventually(async () => (await isTaken(one.url)) && (await isTaken(other.url)))
    mappings.put(one.settings, 'Disabling')
    mappings.remove(other.settings.uuid)
    sources.wake()
    await mappings.list()
    expect(mappings.stateOf(one.settings.uuid)).toBe('Disabling')
    release.resolve(undefined)
    await eventually(() => mappings.stateOf(one.settings.uuid) === 'Disabled')
    await eventually(() => bodies.length === 2)
  })

  test('that are changed continue with the new settings', async () => {
    const { settings, send } = await newQueue()
    mappings.put({ ...settings, filters: ['{"body":["no"]}'] }, 'Enabled')
    const sources = open()
    mappings.put({ ...settings, filters: ['{"body":["yes"]}'] }, 'Updating')
    sources.wake()
    await eventually(() => mappings.stateOf(settings.uuid) === 'Enabled')
    await send('yes')
    await eventually(() => bodies.includes('yes'))
  })

  test('whose queue does not exist report it, run once it exists, and do not affect others', async () => {
    const [good, missing] = [await newQueue(), await newQueue()]
    await moto.ask('sqs', 'AmazonSQS.DeleteQueue', { QueueUrl: missing.url })
    mappings.put(missing.settings, 'Creating')
    mappings.put(good.settings, 'Creating')
    open()
    await good.send('good')
    await eventually(() => bodies.includes('good'))
    const { uuid } = missing.settings
    await eventually(() => mappings.resultOf(uuid) !== undefined)
    expect(mappings.resultOf(uuid)).toBe(
      'PROBLEM: Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. ' +
        'SQS Error Message: The specified queue does not exist.',
    )
    await moto.ask('sqs', 'AmazonSQS.CreateQueue', { QueueName: missing.name })
    await missing.send('late')
    await eventually(() => bodies.includes('late'))
    expect(mappings.resultOf(uuid)).toBeUndefined()
  })

  test('of a source that is not supported report it', async () => {
    const settings = aMapping({ kind: 'mq', sourceArn: 'arn:aws:mq:us-east-1:123456789012:broker:b' })
    mappings.put(settings, 'Enabled')
    open()
    await eventually(
      () => mappings.resultOf(settings.uuid) === 'PROBLEM: Events of this source (mq) cannot be read here.',
    )
  })

  test('are polled by one of two servers, and by the other one after its death', async () => {
    const { settings, send } = await newQueue()
    mappings.put(settings, 'Enabled')
    const shared = createLocalLeases(Date.now)
    const dead = new AbortController()
    const mortal: Leases = {
      ...shared,
      renew: (lease, ttlMs) => (dead.signal.aborted ? Promise.resolve(false) : shared.renew(lease, ttlMs)),
      acquire: (name, ttlMs) => (dead.signal.aborted ? Promise.resolve(undefined) : shared.acquire(name, ttlMs)),
    }
    const [first, second]: [string[], string[]] = [[], []]
    const into = (list: string[]) => (event: Event) => {
      list.push(...event.Records.map(({ body }) => body))
      return {}
    }
    open(mortal, into(first))
    await send('a')
    await eventually(() => first.length === 1)
    open(shared, into(second))
    await send('b')
    await eventually(() => first.length === 2)
    dead.abort()
    await eventually(async () => {
      await send('c')
      return second.length > 0
    })
  })
})

describe('event source mappings that cannot be polled', () => {
  let mappings: FakeMappings
  let lines: string[]
  let sources: Sources | undefined
  beforeEach(() => {
    mappings = fakeMappings()
    lines = []
  })
  afterEach(() => sources?.close())

  const open = (others: Partial<SourcesParts>) => {
    sources = createSources(sourcesParts(mappings, { ...others, warn: (line) => lines.push(line) }))
    sources.start()
    return sources
  }

  test('for want of an endpoint show the setting that is missing, and log it once', async () => {
    const [one, other] = [aMapping({ uuid: 'one' }), aMapping({ uuid: 'other', kind: 'msk' })]
    const services: Partial<Record<SourceKind, string>> = { sqs: 'sqs', msk: 'kafka' }
    const missingEndpoint = (kind: SourceKind) => new MissingEndpoint(services[kind] ?? '')
    mappings.put(one, 'Creating')
    mappings.put(other, 'Disabled')
    open({ missingEndpoint })
    const reason = 'No endpoint is set for sqs: set KUBELAMBDA_SQS_ENDPOINT or KUBELAMBDA_AWS_ENDPOINT.'
    await eventually(() => mappings.stateOf('one') === 'Enabled' && mappings.resultOf('one') === `PROBLEM: ${reason}`)
    expect(mappings.resultOf('other')).toBeUndefined()
    // A change shows its own first result; why it is not polled comes after it again.
    mappings.put({ ...one, batchSize: 1 }, 'Updating')
    mappings.put(other, 'Enabling')
    sources?.wake()
    await eventually(() => mappings.resultOf('one') === `PROBLEM: ${reason}` && mappings.stateOf('one') === 'Enabled')
    await eventually(() => mappings.resultOf('other')?.includes('KUBELAMBDA_KAFKA_ENDPOINT') === true)
    expect(lines).toEqual([
      `The event source of mapping one cannot be polled: ${reason}`,
      expect.stringContaining('The event source of mapping other cannot be polled: No endpoint is set for kafka: '),
    ])
  })

  test('log why once, however often they are tried', async () => {
    let tries = 0
    const leases = createLocalLeases(Date.now)
    const acquire = () => {
      tries++
      return Promise.reject(new Error('out of reach'))
    }
    mappings.put(aMapping({ uuid: 'one', kind: 'schedule', sourceArn: 'rate(1 minute)' }), 'Enabled')
    open({ leases: { ...leases, acquire } })
    await eventually(() => tries > 2)
    expect(lines).toEqual(['The event source of mapping one cannot be polled: out of reach'])
  })
})
