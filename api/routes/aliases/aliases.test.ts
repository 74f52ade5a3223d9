import { describe, expect, test } from '@jest/globals'
import { PreparationFailed } from '../../functions/versions/activation.ts'
import { resolveVersion } from '../../functions/versions/resolve.ts'
import { arn, home, startControlPlane, type ControlPlaneHarness, type Shown } from '../testing/control-plane.ts'

async function withVersions() {
  const server = startControlPlane()
  await server.create('f', { Publish: true })
  await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', Timeout: 9 })
  await server.lifecycle.settled()
  await server.call('PublishVersion', { FunctionName: 'f' })
  return server
}

const weights = (share: object) => ({ RoutingConfig: { AdditionalVersionWeights: share } })

describe('an alias', () => {
  test('is answered as AWS does', async () => {
    const server = await withVersions()
    const created = await server.call('CreateAlias', { FunctionName: 'f', Name: 'prod', FunctionVersion: '1' })
    expect(created).toEqual({
      AliasArn: `${arn}:f:prod`,
      Name: 'prod',
      FunctionVersion: '1',
      Description: '',
      RevisionId: expect.any(String),
    })
    expect(await server.call('GetAlias', { FunctionName: 'f', Name: 'prod' })).toEqual(created)
  })

  test('changes what an update names, and gets a new revision', async () => {
    const server = await withVersions()
    const members = { FunctionName: 'f', Name: 'prod', FunctionVersion: '1', Description: 'd', ...weights({ 2: 0.25 }) }
    const created = await server.call('CreateAlias', members)
    expect(created.RoutingConfig).toEqual({ AdditionalVersionWeights: { 2: 0.25 } })
    const updated = await server.call('UpdateAlias', { FunctionName: 'f', Name: 'prod', Description: 'e' })
    expect(updated).toEqual({ ...created, Description: 'e', RevisionId: expect.any(String) })
    expect(updated.RevisionId).not.toBe(created.RevisionId)
  })

  test.each([{}, { AdditionalVersionWeights: {} }])('loses its routing by %j', async (RoutingConfig) => {
    const server = await withVersions()
    const key = { FunctionName: 'f', Name: 'prod' }
    await server.call('CreateAlias', { ...key, FunctionVersion: '1', ...weights({ 2: 0.25 }) })
    expect(await server.call('UpdateAlias', { ...key, RoutingConfig })).not.toHaveProperty('RoutingConfig')
  })

  test.each<[string, object, object]>([
    ['of a name taken', { Name: 'taken' }, { status: 409, message: `Alias already exists: ${arn}:f:taken` }],
    ['of an unknown version', { FunctionVersion: '10' }, { status: 404, message: `Function not found: ${arn}:f:10` }],
    [
      'with an unknown second version',
      weights({ 10: 0.1 }),
      { status: 404, message: `Function not found: ${arn}:f:10` },
    ],
    [
      'with the same version twice',
      weights({ 1: 0.1 }),
      { message: 'Invalid function version 1. Function version 1 is already included in routing configuration.' },
    ],
    [
      'with two more versions',
      weights({ 2: 0.1, 3: 0.1 }),
      { message: 'Number of items in AdditionalVersionWeights cannot be greater than 1' },
    ],
    [
      'of $LATEST with routing',
      { FunctionVersion: '$LATEST', ...weights({ 1: 0.1 }) },
      { message: '$LATEST is not supported for an alias pointing to more than 1 version', typed: false },
    ],
  ])('%s is refused', async (_case, members, expected) => {
    const server = await withVersions()
    await server.call('CreateAlias', { FunctionName: 'f', Name: 'taken', FunctionVersion: '1' })
    const input = { FunctionName: 'f', Name: 'prod', FunctionVersion: '1', ...members }
    expect(await server.refusal('CreateAlias', input)).toMatchObject(expected)
  })

  test.each<[object, string]>([
    [{ Role: 'arn:aws:iam::000000000000:role/other' }, 'execution role'],
    [{ DeadLetterConfig: { TargetArn: 'arn:aws:sqs:us-east-1:000000000000:q' } }, 'dead letter queue'],
  ])('does not share calls between versions that differ in %j', async (settings, what) => {
    const server = await withVersions()
    await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', ...settings })
    await server.lifecycle.settled()
    await server.call('PublishVersion', { FunctionName: 'f' })
    const key = { FunctionName: 'f', Name: 'prod' }
    const refused = { status: 400, message: `Specified versions must be associated with the same ${what}` }
    const created = { ...key, FunctionVersion: '3' }
    expect(await server.refusal('CreateAlias', { ...created, ...weights({ 1: 0.1 }) })).toMatchObject(refused)
    await server.call('CreateAlias', created)
    expect(await server.refusal('UpdateAlias', { ...key, ...weights({ 1: 0.1 }) })).toMatchObject(refused)
  })

  test('that is missing is 404 to read and to update, and gone to delete', async () => {
    const server = await withVersions()
    const input = { FunctionName: 'f', Name: 'x' }
    expect(await server.refusal('GetAlias', input)).toMatchObject({
      status: 404,
      message: `Cannot find alias arn: ${arn}:f:x`,
    })
    expect(await server.refusal('UpdateAlias', input)).toMatchObject({
      status: 404,
      message: `Alias not found: ${arn}:f:x`,
    })
    expect(await server.call('DeleteAlias', input)).toEqual({})
  })

  test('updated from a stale revision is refused', async () => {
    const server = await withVersions()
    await server.call('CreateAlias', { FunctionName: 'f', Name: 'prod', FunctionVersion: '1' })
    const input = { FunctionName: 'f', Name: 'prod', RevisionId: 'stale' }
    expect(await server.refusal('UpdateAlias', input)).toMatchObject({ status: 412 })
  })

  test('is listed by name, and by its main version', async () => {
    const server = await withVersions()
    for (const [Name, FunctionVersion] of Object.entries({ b: '1', a: '2', c: '1' })) {
      await server.call('CreateAlias', { FunctionName: 'f', Name, FunctionVersion })
    }
    const names = async (members: object) => {
      const { Aliases, NextMarker } = await server.call('ListAliases', { FunctionName: 'f', ...members })
      return [(Aliases as Shown[]).map(({ Name }) => Name as unknown), NextMarker as unknown]
    }
    expect(await names({})).toEqual([['a', 'b', 'c'], undefined])
    expect(await names({ FunctionVersion: '1' })).toEqual([['b', 'c'], undefined])
    const [first, marker] = await names({ MaxItems: 2 })
    expect(first).toEqual(['a', 'b'])
    expect(await names({ MaxItems: 2, Marker: marker })).toEqual([['c'], undefined])
  })

  test('named __proto__ is an alias like any other', async () => {
    const server = await withVersions()
    const input = { FunctionName: 'f', Name: '__proto__' }
    await server.call('CreateAlias', { ...input, FunctionVersion: '1' })
    expect(await server.call('GetAlias', input)).toMatchObject({ Name: '__proto__' })
    await server.call('DeleteAlias', input)
    expect(await server.refusal('GetAlias', input)).toMatchObject({ status: 404 })
  })
})

describe('the version that an invocation resolves to', () => {
  const resolve = (server: ControlPlaneHarness, qualifier?: string, random = 0.5, name = 'f') =>
    resolveVersion(
      { ...home, catalogue: server.catalogue, random: () => random },
      qualifier === undefined ? { name } : { name, qualifier },
    )

  test('has the ARN as invoked and the version that runs', async () => {
    const server = await withVersions()
    await server.call('CreateAlias', { FunctionName: 'f', Name: 'prod', FunctionVersion: '1', ...weights({ 2: 0.3 }) })
    const outcome = async (qualifier?: string, random?: number) => {
      const { invokedArn, executedVersion, version } = await resolve(server, qualifier, random)
      expect(version.version).toBe(executedVersion)
      return [invokedArn, executedVersion]
    }
    expect(await outcome()).toEqual([`${arn}:f`, '$LATEST'])
    expect(await outcome('$LATEST')).toEqual([`${arn}:f:$LATEST`, '$LATEST'])
    expect(await outcome('2')).toEqual([`${arn}:f:2`, '2'])
    expect(await outcome('prod', 0.29)).toEqual([`${arn}:f:prod`, '2'])
    expect(await outcome('prod', 0.3)).toEqual([`${arn}:f:prod`, '1'])
  })

  test('is the version before an update until that is prepared', async () => {
    const server = await withVersions()
    const release = server.hold()
    await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', Timeout: 33 })
    expect((await resolve(server)).version.settings.timeoutSeconds).toBe(9)
    release()
    await server.lifecycle.settled()
    expect((await resolve(server)).version.settings.timeoutSeconds).toBe(33)
  })

  test('is 404 with $LATEST when there is no such function, and 409 when it is not active', async () => {
    const server = startControlPlane()
    await expect(resolve(server, undefined, 0, 'g')).rejects.toThrow(`Function not found: ${arn}:g:$LATEST`)
    const release = server.hold()
    const created = server.create('f')
    while ((await server.catalogue.find('f')) === undefined) await new Promise(setImmediate)
    await expect(resolve(server)).rejects.toThrow('The function is currently in the following state: Pending')
    await expect(resolve(server, 'x')).rejects.toThrow(`Function not found: ${arn}:f:x`)
    release()
    await created
  })

  test('is 409 with the reason when it could not be made ready', async () => {
    const server = startControlPlane({
      prepare: () => Promise.reject(new PreparationFailed('Runtime java21 has no image.', 'InvalidRuntime')),
    })
    await server.create('f')
    await server.lifecycle.settled()
    await expect(resolve(server)).rejects.toThrow(
      /The function is currently in the following state: Failed\. Runtime java21 has no image\.$/,
    )
  })
})
