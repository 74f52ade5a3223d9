import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Leases } from './polling/lease.ts'
import { createLocalLeases } from './polling/local-leases.ts'
import { createSources, type Sources } from './sources.ts'
import { eventually } from './testing/eventually.ts'
import { describeWithMoto, startMoto, type Moto } from './testing/moto.ts'
import { aMapping, fakeMappings, fakeFunction, sourcesParts, type FakeMappings } from './testing/samples.ts'

interface Event {
  Records: { body: string; attributes: { ApproximateReceiveCount: string } }[]
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

  /** Sources whose functions note what they run, and whether a poll of the queue is open. */
  const openNoting = (leases = createLocalLeases(Date.now), name = '') => {
    let openPolls = 0
    const seen: { by: string; body: string; count: string }[] = []
    const call: Moto['services']['call'] = async (asked) => {
      const isPoll = 'target' in asked && asked.target.endsWith('.ReceiveMessage')
      if (isPoll) openPolls++
      return moto.services.call(asked).finally(() => void (openPolls -= isPoll ? 1 : 0))
    }
    const runBatch = (functionArn: string) =>
      fakeFunction(({ Records }: Event) => {
        for (const { body, attributes } of Records)
          seen.push({ by: name + functionArn, body, count: attributes.ApproximateReceiveCount })
        return {}
      })
    const times = { leaseMs: 2_000, tickMs: 100 }
    const services = { ...moto.services, call }
    const sources = createSources(sourcesParts(mappings, { leases, times, services, runBatch }))
    opened.push(sources)
    sources.start()
    return { sources, seen, isPolling: () => openPolls > 0 }
  }
  const hidden = async (url: string) => {
    const asked = { QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessagesNotVisible'] }
    return (await moto.ask<{ Attributes: unknown }>('sqs', 'AmazonSQS.GetQueueAttributes', asked)).Attributes
  }
  const noneHidden = { ApproximateNumberOfMessagesNotVisible: '0' }

  test('that are changed run what an open poll brings with the new settings, received once', async () => {
    const { settings, send } = await newQueue()
    mappings.put({ ...settings, functionArn: 'one' }, 'Enabled')
    const { sources, seen, isPolling } = openNoting()
    await eventually(isPolling)
    mappings.put({ ...settings, functionArn: 'two' }, 'Updating')
    sources.wake()
    await send('behind')
    await eventually(() => seen.length > 0)
    expect(seen).toEqual([{ by: 'two', body: 'behind', count: '1' }])
    await eventually(() => mappings.stateOf(settings.uuid) === 'Enabled')
  })

  test('that are disabled are Disabled only when their open poll has ended, which hides nothing', async () => {
    const { settings, send, url } = await newQueue()
    mappings.put(settings, 'Enabled')
    const { sources, seen, isPolling } = openNoting()
    await eventually(isPolling)
    mappings.put(settings, 'Disabling')
    sources.wake()
    await send('meanwhile')
    await eventually(() => mappings.stateOf(settings.uuid) === 'Disabled')
    expect(isPolling()).toBe(false)
    expect(seen).toMatchObject([{ body: 'meanwhile', count: '1' }])
    await send('later')
    expect(await hidden(url)).toEqual(noneHidden)
    expect(seen).toHaveLength(1)
  })

  test('of a server that ends run what their open polls bring first', async () => {
    const { settings, send, url } = await newQueue()
    mappings.put(settings, 'Enabled')
    const { sources, seen, isPolling } = openNoting()
    await eventually(isPolling)
    const closing = sources.close()
    await send('late')
    await closing
    expect([isPolling(), seen.map(({ body }) => body), await hidden(url)]).toEqual([false, ['late'], noneHidden])
  })

  test('give back at once what an open poll brings when the function is gone', async () => {
    const { settings, send, url } = await newQueue()
    mappings.put(settings, 'Enabled')
    let [isPolling, runs] = [false, 0]
    const call: Moto['services']['call'] = async (asked) => {
      isPolling ||= 'target' in asked && asked.target.endsWith('.ReceiveMessage')
      return moto.services.call(asked)
    }
    const runBatch = () =>
      fakeFunction(() => {
        runs++
        return 'refused'
      })
    const sources = createSources(sourcesParts(mappings, { services: { ...moto.services, call }, runBatch }))
    opened.push(sources)
    sources.start()
    await eventually(() => isPolling)
    mappings.remove(settings.uuid)
    sources.wake()
    const closing = sources.close()
    await send('m')
    await closing
    expect([runs, await hidden(url)]).toEqual([1, noneHidden])
  })

  test('that another server polls are not Disabled before it has stopped, nor polled by one that has not seen the change', async () => {
    const { settings, send, url } = await newQueue()
    const leases = createLocalLeases(Date.now)
    mappings.put(settings, 'Enabled')
    const first = openNoting(leases, 'first')
    await eventually(first.isPolling)
    const second = openNoting(leases, 'second')
    mappings.put(settings, 'Disabling')
    second.sources.wake()
    await eventually(async () => (await hidden(url)) !== undefined && first.isPolling())
    expect(mappings.stateOf(settings.uuid)).toBe('Disabling')
    first.sources.wake()
    await eventually(() => mappings.stateOf(settings.uuid) === 'Disabled')
    expect(first.isPolling() || second.isPolling()).toBe(false)
    await send('later')
    expect(await hidden(url)).toEqual(noneHidden)
    expect([...first.seen, ...second.seen]).toEqual([])
  })

  test('whose settings changed at another server are not polled with the old ones under a new lease', async () => {
    const { settings, send } = await newQueue()
    const leases = createLocalLeases(Date.now)
    const blocking = (await leases.acquire(`${settings.uuid}/queue`, 60_000))!
    mappings.put({ ...settings, functionArn: 'one' }, 'Enabled')
    const { seen } = openNoting(leases)
    await eventually(async () => (await mappings.list()).length === 1)
    mappings.put({ ...settings, functionArn: 'two' }, 'Updating')
    await leases.release(blocking)
    await send('m')
    await eventually(() => seen.length > 0)
    expect(seen).toEqual([{ by: 'two', body: 'm', count: '1' }])
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
