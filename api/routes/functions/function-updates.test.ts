import { describe, expect, test } from '@jest/globals'
import { PreparationFailed } from '../../functions/versions/activation.ts'
import { arn, newFunction, startControlPlane, zipOf, type Shown } from '../testing/control-plane.ts'

const creating = { StateReason: 'The function is being created.', StateReasonCode: 'Creating' }
const updating = {
  LastUpdateStatus: 'InProgress',
  LastUpdateStatusReason: 'The function is being created.',
  LastUpdateStatusReasonCode: 'Creating',
}

/** Whether a waiter of the SDKs would end: each reads one member until it has the value. */
const waiters = {
  FunctionActive: (configuration: Shown) => configuration.State === 'Active',
  FunctionUpdated: (configuration: Shown) => configuration.LastUpdateStatus === 'Successful',
}

describe('an update', () => {
  test('is in progress until it is prepared, runs the old code till then, and drains it after', async () => {
    const server = startControlPlane()
    await server.create('f')
    const old = (await server.catalogue.find('f'))!.value.latest
    const release = server.hold()
    const updated = await server.call('UpdateFunctionCode', { FunctionName: 'f', ZipFile: await zipOf('two') })
    expect(updated).toMatchObject({ State: 'Active', ...updating, Version: '$LATEST', FunctionArn: `${arn}:f` })
    expect((await server.catalogue.find('f'))!.value.serving).toEqual(old)
    expect(waiters.FunctionUpdated(updated)).toBe(false)
    release()
    await server.lifecycle.settled()
    const done = await server.call('GetFunctionConfiguration', { FunctionName: 'f' })
    expect(waiters.FunctionUpdated(done)).toBe(true)
    expect(done.RevisionId).not.toBe(updated.RevisionId)
    expect(Object.keys(done).filter((key) => key.includes('Reason'))).toEqual([])
    expect((await server.catalogue.find('f'))!.value.serving).toBeUndefined()
    expect(server.drained).toEqual([`f:$LATEST:${old.generation}`])
  })

  test('is refused while another one is in progress, as are publishing and tags', async () => {
    const server = startControlPlane()
    await server.create('f')
    const release = server.hold()
    await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', Timeout: 5 })
    const message = `The operation cannot be performed at this time. An update is in progress for resource: ${arn}:f`
    const expected = { type: 'ResourceConflictException', status: 409, message }
    expect(await server.refusal('UpdateFunctionConfiguration', { FunctionName: 'f' })).toMatchObject(expected)
    expect(await server.refusal('UpdateFunctionCode', { FunctionName: 'f', ZipFile: await zipOf('x') })).toMatchObject(
      expected,
    )
    expect(await server.refusal('PublishVersion', { FunctionName: 'f' })).toMatchObject(expected)
    expect(await server.refusal('TagResource', { Resource: `${arn}:f`, Tags: { a: '' } })).toMatchObject(expected)
    release()
  })

  test('of a pending function is refused', async () => {
    const server = startControlPlane()
    const release = server.hold()
    await server.call('CreateFunction', await newFunction('f'))
    const { message } = await server.refusal('UpdateFunctionConfiguration', { FunctionName: 'f' })
    expect(message).toMatch(/The function is currently in the following state: Pending$/)
    release()
  })

  test('of two at once lets one through', async () => {
    const server = startControlPlane()
    await server.create('f')
    const update = (Timeout: number) => server.call('UpdateFunctionConfiguration', { FunctionName: 'f', Timeout })
    const outcomes = await Promise.allSettled([update(5), update(6)])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('that fails goes on with the old code', async () => {
    const server = startControlPlane()
    await server.create('f')
    const release = server.hold()
    await server.call('UpdateFunctionCode', { FunctionName: 'f', ZipFile: await zipOf('two') })
    release(new PreparationFailed('Broken.', 'InvalidZipFileException'))
    await server.lifecycle.settled()
    expect(await server.call('GetFunctionConfiguration', { FunctionName: 'f' })).toMatchObject({
      State: 'Active',
      LastUpdateStatus: 'Failed',
      LastUpdateStatusReason: 'Broken.',
      LastUpdateStatusReasonCode: 'InvalidZipFileException',
    })
    expect((await server.catalogue.find('f'))!.value.serving?.code).not.toEqual(
      (await server.catalogue.find('f'))!.value.latest.code,
    )
    expect(server.drained).toEqual([])
  })

  test('that publishes describes the new version, which is active when the update is', async () => {
    const server = startControlPlane()
    await server.create('f')
    const members = { FunctionName: 'f', ZipFile: await zipOf('two'), Publish: true }
    const answer = await server.call('UpdateFunctionCode', members)
    expect(answer).toMatchObject({ FunctionArn: `${arn}:f:1`, Version: '1', State: 'Pending', ...creating })
    expect(answer).not.toHaveProperty('LastUpdateStatus')
    await server.lifecycle.settled()
    const one = await server.call('GetFunctionConfiguration', { FunctionName: 'f', Qualifier: '1' })
    expect(waiters.FunctionActive(one)).toBe(true)
    const latest = await server.call('GetFunctionConfiguration', { FunctionName: 'f' })
    expect(waiters.FunctionUpdated(latest)).toBe(true)
  })

  test('as a dry run shows the new hash and architecture and changes nothing', async () => {
    const server = startControlPlane()
    await server.create('f')
    const before = await server.catalogue.find('f')
    const members = { FunctionName: 'f', ZipFile: await zipOf('two'), Architectures: ['arm64'], DryRun: true }
    const answer = await server.call('UpdateFunctionCode', members)
    expect(answer.CodeSha256).not.toBe(before!.value.latest.code.sha256)
    expect(answer).toMatchObject({ Architectures: ['arm64'], LastUpdateStatus: 'Successful' })
    expect(await server.catalogue.find('f')).toEqual(before)
    expect(server.packages.size).toBe(1)
  })

  test('with another revision than the current one is refused', async () => {
    const server = startControlPlane()
    const { RevisionId } = await server.create('f')
    const message =
      'The Revision Id provided does not match the latest Revision Id. ' +
      'Call the GetFunction/GetAlias API to retrieve the latest Revision Id'
    const stale = { FunctionName: 'f', RevisionId: 'stale' }
    expect(await server.refusal('UpdateFunctionConfiguration', stale)).toMatchObject({ status: 412, message })
    await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', RevisionId, Timeout: 4 })
  })

  test.each<[object, (configuration: Shown) => void]>([
    [{ Environment: { Variables: {} } }, (answer) => expect(answer).not.toHaveProperty('Environment')],
    [{ DeadLetterConfig: { TargetArn: '' } }, (answer) => expect(answer).not.toHaveProperty('DeadLetterConfig')],
    [{ DeadLetterConfig: {} }, ({ DeadLetterConfig }) => expect(DeadLetterConfig).toEqual({ TargetArn: 'd' })],
    [{ Layers: [] }, (answer) => expect(answer).not.toHaveProperty('Layers')],
    [
      { VpcConfig: { SubnetIds: [], SecurityGroupIds: [] } },
      ({ VpcConfig }) =>
        expect(VpcConfig).toEqual({ SubnetIds: [], SecurityGroupIds: [], VpcId: '', Ipv6AllowedForDualStack: false }),
    ],
  ])('with %j removes what it says', async (members, check) => {
    const server = startControlPlane()
    await server.create('f', { Environment: { Variables: { AB: '1' } }, DeadLetterConfig: { TargetArn: 'd' } })
    check(await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', ...members }))
  })
})
