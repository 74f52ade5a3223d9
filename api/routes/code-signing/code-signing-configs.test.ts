import { describe, expect, test } from '@jest/globals'
import {
  arn as functions,
  newFunction,
  startControlPlane,
  zipOf,
  type ControlPlaneHarness,
} from '../testing/control-plane.ts'

const profiles = ['arn:aws:signer:us-east-1:123456789012:/signing-profiles/p/abcdefghij']
const nobody = 'arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0'

async function createConfig(server: ControlPlaneHarness, members: object = {}) {
  const { CodeSigningConfig } = await server.call('CreateCodeSigningConfig', {
    AllowedPublishers: { SigningProfileVersionArns: profiles },
    ...members,
  })
  return CodeSigningConfig as Record<string, string>
}

const enforcing = { CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' } }

describe('a code signing configuration', () => {
  test('is answered, shown and changed', async () => {
    const server = startControlPlane()
    const config = await createConfig(server, { Description: 'd' })
    expect(config).toEqual({
      CodeSigningConfigId: expect.stringMatching(/^csc-[0-9a-f]{17}$/),
      CodeSigningConfigArn: `arn:aws:lambda:us-east-1:000000000000:code-signing-config:${config['CodeSigningConfigId']}`,
      Description: 'd',
      AllowedPublishers: { SigningProfileVersionArns: profiles },
      CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Warn' },
      LastModified: '2025-11-25T02:46:47.123+0000',
    })
    const { CodeSigningConfigArn } = config
    expect(await server.call('GetCodeSigningConfig', { CodeSigningConfigArn })).toEqual({ CodeSigningConfig: config })
    const changed = await server.call('UpdateCodeSigningConfig', { CodeSigningConfigArn, ...enforcing })
    expect(changed).toEqual({ CodeSigningConfig: { ...config, ...enforcing } })
  })

  test('is one of a list, page by page', async () => {
    const server = startControlPlane()
    const made = [await createConfig(server), await createConfig(server), await createConfig(server)]
    const first = await server.call('ListCodeSigningConfigs', { MaxItems: 2 })
    const second = await server.call('ListCodeSigningConfigs', { MaxItems: 2, Marker: first['NextMarker'] })
    const listed = [...first['CodeSigningConfigs'], ...second['CodeSigningConfigs']] as object[]
    expect(listed).toHaveLength(3)
    expect(listed).toEqual(expect.arrayContaining(made))
    expect(second).not.toHaveProperty('NextMarker')
  })

  test('has tags', async () => {
    const server = startControlPlane()
    const { CodeSigningConfigArn: Resource } = await createConfig(server, { Tags: { A: '1' } })
    await server.call('TagResource', { Resource, Tags: { B: '2' } })
    await server.call('UntagResource', { Resource, TagKeys: ['A', 'C'] })
    expect(await server.call('ListTags', { Resource })).toEqual({ Tags: { B: '2' } })
    expect(await server.refusal('ListTags', { Resource: nobody })).toMatchObject({ status: 404 })
  })

  test('that is unknown is 404 without a type', async () => {
    const server = startControlPlane()
    for (const operation of [
      ...(['GetCodeSigningConfig', 'UpdateCodeSigningConfig', 'DeleteCodeSigningConfig'] as const),
      'ListFunctionsByCodeSigningConfig' as const,
    ]) {
      expect(await server.refusal(operation, { CodeSigningConfigArn: nobody })).toEqual({
        ...{ type: 'ResourceNotFoundException', status: 404, typed: false },
        message: `The Lambda code signing configuration ${nobody} can not be found.`,
      })
    }
  })
})

describe('the code signing configuration of a function', () => {
  test('is set, shown, listed and taken away', async () => {
    const server = startControlPlane()
    const { CodeSigningConfigArn } = await createConfig(server)
    await server.create('f')
    expect(await server.call('GetFunctionCodeSigningConfig', { FunctionName: 'f' })).toEqual({})
    const set = { FunctionName: 'f', CodeSigningConfigArn }
    expect(await server.call('PutFunctionCodeSigningConfig', set)).toEqual(set)
    expect(await server.call('GetFunctionCodeSigningConfig', { FunctionName: 'f' })).toEqual(set)
    await server.create('a', { CodeSigningConfigArn })
    const list = (members: object) =>
      server.call('ListFunctionsByCodeSigningConfig', { CodeSigningConfigArn, ...members })
    const first = await list({ MaxItems: 1 })
    expect(first['FunctionArns']).toEqual([`${functions}:a`])
    expect(await list({ Marker: first['NextMarker'] })).toEqual({ FunctionArns: [`${functions}:f`] })
    expect(await server.refusal('DeleteCodeSigningConfig', { CodeSigningConfigArn })).toMatchObject({
      ...{ status: 409, type: 'ResourceConflictException' },
    })
    for (const FunctionName of ['a', 'f', 'f']) await server.call('DeleteFunctionCodeSigningConfig', { FunctionName })
    expect(await server.call('GetFunctionCodeSigningConfig', { FunctionName: 'f' })).toEqual({})
    expect(await server.call('DeleteCodeSigningConfig', { CodeSigningConfigArn })).toEqual({})
  })

  test('that does not exist is refused, and changes nothing', async () => {
    const server = startControlPlane()
    await server.create('f')
    const expected = {
      ...{ type: 'CodeSigningConfigNotFoundException', status: 404 },
      message:
        'The code signing configuration cannot be found. ' +
        `Check that the provided configuration is not deleted: ${nobody}.`,
    }
    const set = { FunctionName: 'f', CodeSigningConfigArn: nobody }
    expect(await server.refusal('PutFunctionCodeSigningConfig', set)).toMatchObject(expected)
    const create = await newFunction('g', { CodeSigningConfigArn: nobody })
    expect(await server.refusal('CreateFunction', create)).toMatchObject(expected)
    expect(await server.call('GetFunctionCodeSigningConfig', { FunctionName: 'f' })).toEqual({})
    expect(await server.refusal('GetFunction', { FunctionName: 'g' })).toMatchObject({ status: 404 })
  })

  test('is never one that was removed meanwhile', async () => {
    const server = startControlPlane()
    await server.create('f')
    for (let count = 0; count < 20; count++) {
      const { CodeSigningConfigArn } = await createConfig(server)
      const set = server.call('PutFunctionCodeSigningConfig', { FunctionName: 'f', CodeSigningConfigArn })
      const removal = server.call('DeleteCodeSigningConfig', { CodeSigningConfigArn })
      await Promise.allSettled([set, removal])
      const { CodeSigningConfigArn: kept } = await server.call('GetFunctionCodeSigningConfig', { FunctionName: 'f' })
      if (kept !== undefined) await server.call('GetCodeSigningConfig', { CodeSigningConfigArn: kept })
      await server.call('DeleteFunctionCodeSigningConfig', { FunctionName: 'f' })
    }
  })

  test('that enforces signatures lets no code in, since none can be verified; what runs goes on', async () => {
    const server = startControlPlane()
    const { CodeSigningConfigArn } = await createConfig(server, enforcing)
    await server.create('f')
    await server.call('PutFunctionCodeSigningConfig', { FunctionName: 'f', CodeSigningConfigArn })
    const refused = { type: 'CodeVerificationFailedException', status: 400 }
    const update = { FunctionName: 'f', ZipFile: await zipOf('two') }
    expect(await server.refusal('UpdateFunctionCode', update)).toMatchObject(refused)
    const create = await newFunction('g', { CodeSigningConfigArn })
    expect(await server.refusal('CreateFunction', create)).toMatchObject(refused)
    expect(await server.call('GetFunctionConfiguration', { FunctionName: 'f' })).toMatchObject({ State: 'Active' })
  })
})
