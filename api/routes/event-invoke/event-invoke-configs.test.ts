import { describe, expect, test } from '@jest/globals'
import { eventInvokeSettingsOf } from '../../functions/settings/event-invoke-config.ts'
import { arn, startControlPlane } from '../testing/control-plane.ts'

const [queue, topic] = ['arn:aws:sqs:us-east-1:000000000000:q', 'arn:aws:sns:us-east-1:000000000000:t']
const noDestinations = { OnSuccess: {}, OnFailure: {} }

async function withFunction() {
  const server = startControlPlane()
  await server.create('f')
  await server.call('PublishVersion', { FunctionName: 'f' })
  await server.call('CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '1' })
  return server
}

describe('an event invoke config', () => {
  test('is put whole, and updated by members', async () => {
    const server = await withFunction()
    const put = { FunctionName: 'f', MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: queue } } }
    const shown = {
      FunctionArn: `${arn}:f:$LATEST`,
      LastModified: '2025-11-25T02:46:47.123Z',
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnSuccess: {}, OnFailure: { Destination: queue } },
    }
    expect(await server.call('PutFunctionEventInvokeConfig', put)).toEqual(shown)
    const updated = { ...shown, MaximumEventAgeInSeconds: 60 }
    const update = { FunctionName: 'f', MaximumEventAgeInSeconds: 60 }
    expect(await server.call('UpdateFunctionEventInvokeConfig', update)).toEqual(updated)
    expect(await server.call('GetFunctionEventInvokeConfig', { FunctionName: 'f' })).toEqual(updated)
    const replaced = await server.call('PutFunctionEventInvokeConfig', update)
    expect(replaced).toMatchObject({ MaximumEventAgeInSeconds: 60, DestinationConfig: noDestinations })
    expect(replaced).not.toHaveProperty('MaximumRetryAttempts')
  })

  test('is of one qualifier, and goes with its alias or version', async () => {
    const server = await withFunction()
    for (const Qualifier of ['live', '1', '$LATEST']) {
      await server.call('PutFunctionEventInvokeConfig', { FunctionName: 'f', Qualifier, MaximumRetryAttempts: 1 })
    }
    const listed = async (page = {}) =>
      server.call('ListFunctionEventInvokeConfigs', { FunctionName: 'f', ...page }).then((answer) => ({
        qualifiers: (answer['FunctionEventInvokeConfigs'] as { FunctionArn: string }[]).map(
          (each) => each.FunctionArn.split(':')[7],
        ),
        marker: answer['NextMarker'],
      }))
    expect(await listed()).toEqual({ qualifiers: ['$LATEST', '1', 'live'], marker: undefined })
    const { qualifiers, marker } = await listed({ MaxItems: 2 })
    expect(qualifiers).toEqual(['$LATEST', '1'])
    expect(await listed({ Marker: marker })).toEqual({ qualifiers: ['live'], marker: undefined })
    await server.call('DeleteAlias', { FunctionName: 'f', Name: 'live' })
    expect((await listed()).qualifiers).toEqual(['$LATEST', '1'])
    await server.call('DeleteFunction', { FunctionName: 'f', Qualifier: '1' })
    expect((await listed()).qualifiers).toEqual(['$LATEST'])
    await server.call('DeleteFunction', { FunctionName: 'f' })
    await server.create('f')
    expect((await listed()).qualifiers).toEqual([])
  })

  test('is given to who runs events, with defaults', async () => {
    const server = await withFunction()
    const settings = async (qualifier?: string) => eventInvokeSettingsOf(await server.lifecycle.read('f'), qualifier)
    expect(await settings()).toEqual({ maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600 })
    const DestinationConfig = { OnSuccess: { Destination: topic } }
    await server.call('PutFunctionEventInvokeConfig', {
      FunctionName: 'f:live',
      MaximumRetryAttempts: 0,
      DestinationConfig,
    })
    expect(await settings('live')).toEqual({
      maximumRetryAttempts: 0,
      maximumEventAgeSeconds: 21_600,
      onSuccess: topic,
    })
    expect(await settings('$LATEST')).toEqual({ maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600 })
  })

  test('is deleted once', async () => {
    const server = await withFunction()
    await server.call('PutFunctionEventInvokeConfig', { FunctionName: 'f', MaximumRetryAttempts: 1 })
    await server.call('DeleteFunctionEventInvokeConfig', { FunctionName: 'f' })
    const message = `The function ${arn}:f:$LATEST doesn't have an EventInvokeConfig`
    const refusal = { type: 'ResourceNotFoundException', status: 404, message, typed: true }
    expect(await server.refusal('DeleteFunctionEventInvokeConfig', { FunctionName: 'f' })).toEqual(refusal)
    expect(await server.refusal('GetFunctionEventInvokeConfig', { FunctionName: 'f' })).toEqual(refusal)
    expect(await server.refusal('UpdateFunctionEventInvokeConfig', { FunctionName: 'f' })).toEqual(refusal)
    expect((await server.refusal('GetFunctionEventInvokeConfig', { FunctionName: 'g' })).message).toBe(
      `The function ${arn}:g:$LATEST doesn't have an EventInvokeConfig`,
    )
  })

  const to = (Destination: string, part = 'OnFailure') => ({ DestinationConfig: { [part]: { Destination } } })
  test.each<[string, object, string]>([
    ['that says nothing', {}, 'You must specify at least one of error handling or destination setting.'],
    ['for itself', to(`${arn}:f:live`), "You can't specify the function as a destination for itself."],
    ['for no function', to(`${arn}:g`), `The destination ARN ${arn}:g is invalid.`],
    [
      'for a service that takes none',
      to('arn:aws:kinesis:us-east-1:000000000000:stream/s', 'OnSuccess'),
      'The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=' +
        'arn:aws:kinesis:us-east-1:000000000000:stream/s), onFailure=null) is invalid.',
    ],
    [
      'for a FIFO queue',
      to(`${queue}.fifo`),
      `The provided destination config DestinationConfig(onSuccess=null, onFailure=OnFailure(destination=${queue}.fifo)) ` +
        'is invalid.',
    ],
    [
      'for a FIFO topic',
      to(`${topic}.fifo`, 'OnSuccess'),
      `The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=${topic}.fifo), onFailure=null) ` +
        'is invalid.',
    ],
    ['of no function', { FunctionName: 'g', MaximumRetryAttempts: 1 }, "The function doesn't exist."],
  ])('%s is refused', async (_case, members, message) => {
    const server = await withFunction()
    const refusal = await server.refusal('PutFunctionEventInvokeConfig', { FunctionName: 'f', ...members })
    expect(refusal.message).toBe(message)
    expect((await server.lifecycle.read('f')).attached).toBeUndefined()
  })

  test('of a function that is not there cannot be listed', async () => {
    const refusal = await startControlPlane().refusal('ListFunctionEventInvokeConfigs', { FunctionName: 'g' })
    expect(refusal).toMatchObject({ status: 404, message: "The function doesn't exist." })
  })

  test('put by many at once on several qualifiers is lost for none', async () => {
    const server = await withFunction()
    const qualifiers = ['$LATEST', '1', 'live']
    await Promise.all(
      qualifiers.map((Qualifier) =>
        server.call('PutFunctionEventInvokeConfig', { FunctionName: 'f', Qualifier, MaximumRetryAttempts: 1 }),
      ),
    )
    const { FunctionEventInvokeConfigs } = await server.call('ListFunctionEventInvokeConfigs', { FunctionName: 'f' })
    expect(FunctionEventInvokeConfigs).toHaveLength(3)
  })
})
