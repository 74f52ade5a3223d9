import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { MissingEndpoint } from '../aws/endpoint.ts'
import type { SourceKind } from './mappings/mapping.ts'
import { createLocalLeases } from './polling/local-leases.ts'
import { createSources, type Sources, type SourcesParts } from './sources.ts'
import { eventually } from './testing/eventually.ts'
import { aMapping, fakeMappings, sourcesParts, type FakeMappings } from './testing/samples.ts'

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
