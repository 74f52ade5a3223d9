import { describe, expect, test } from '@jest/globals'
import { newFunction, startControlPlane, zipOf } from '../testing/control-plane.ts'

const repository = '123456789012.dkr.ecr.us-east-1.amazonaws.com/app'
const digest = 'a'.repeat(64)
const bare = {
  ...{ Runtime: undefined, Handler: undefined },
  ...{ PackageType: 'Image', Code: { ImageUri: `${repository}:1@sha256:${digest}` } },
}

const zipSettings = "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."

describe('a function from an image', () => {
  test('has the digest for a hash, no size, and neither runtime nor handler', async () => {
    const server = startControlPlane()
    const created = await server.create('f', { ...bare, ImageConfig: { Command: ['a'], WorkingDirectory: '/w' } })
    expect(created).toMatchObject({
      ...{ PackageType: 'Image', CodeSha256: digest, CodeSize: 0 },
      ImageConfigResponse: { ImageConfig: { Command: ['a'], WorkingDirectory: '/w' } },
    })
    for (const absent of ['Runtime', 'Handler', 'RuntimeVersionConfig', 'Layers'])
      expect(created).not.toHaveProperty(absent)
    expect((await server.call('GetFunction', { FunctionName: 'f' }))['Code']).toEqual({
      ImageUri: `${repository}:1@sha256:${digest}`,
      ResolvedImageUri: `${repository}@sha256:${digest}`,
      RepositoryType: 'ECR',
    })
    expect(server.packages.size).toBe(0)
  })

  test('gets another image, and loses its configuration by an empty one', async () => {
    const server = startControlPlane()
    await server.create('f', { ...bare, ImageConfig: { Command: ['a'] } })
    await server.call('UpdateFunctionCode', { FunctionName: 'f', ImageUri: `${repository}:2` })
    await server.lifecycle.settled()
    const { Code } = await server.call('GetFunction', { FunctionName: 'f' })
    expect(Code).toMatchObject({ ImageUri: `${repository}:2` })
    await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', ImageConfig: {} })
    expect(await server.call('GetFunctionConfiguration', { FunctionName: 'f' })).not.toHaveProperty(
      'ImageConfigResponse',
    )
  })

  test.each<[string, object, RegExp | string]>([
    ['no image', { Code: {} }, 'Please provide ImageUri when creating a function with packageType Image.'],
    ['a name that is no image', { Code: { ImageUri: 'no image' } }, /^Source image no image is not valid\./],
    ['a runtime', { Runtime: 'nodejs22.x' }, zipSettings],
    ['a handler', { Handler: 'index.handler' }, zipSettings],
  ])('is refused with %s', async (_case, members, message) => {
    const input = await newFunction('f', { ...bare, ...members })
    expect(await startControlPlane().refusal('CreateFunction', input)).toMatchObject({
      ...{ status: 400, type: 'InvalidParameterValueException' },
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    })
  })

  test('takes no layers, runtime and handler later on either', async () => {
    const server = startControlPlane()
    await server.create('f', bare)
    const { LayerVersionArn } = await server.call('PublishLayerVersion', {
      LayerName: 'layer',
      Content: { ZipFile: await zipOf('one') },
    })
    const update = { FunctionName: 'f', Layers: [LayerVersionArn] }
    expect(await server.refusal('UpdateFunctionConfiguration', update)).toMatchObject({
      message: 'Lambda layers are not supported for functions created with container images.',
    })
    expect(await server.refusal('UpdateFunctionConfiguration', { ...update, Handler: 'a.b' })).toMatchObject({
      message: zipSettings,
    })
  })

  test('takes no zip, and a function from a zip no image', async () => {
    const server = startControlPlane()
    await server.create('image', bare)
    await server.create('zip')
    const zip = { FunctionName: 'image', ZipFile: await zipOf('one') }
    expect(await server.refusal('UpdateFunctionCode', zip)).toMatchObject({
      message: 'Please provide ImageUri when updating a function with packageType Image.',
    })
    const image = { FunctionName: 'zip', ImageUri: `${repository}:1` }
    expect(await server.refusal('UpdateFunctionCode', image)).toMatchObject({
      message: "Please don't provide ImageUri when updating a function with packageType Zip.",
    })
  })
})

test('a function that keeps tenants apart says so, and code keeps the key it was encrypted with', async () => {
  const server = startControlPlane()
  const TenancyConfig = { TenantIsolationMode: 'PER_TENANT' }
  const key = 'arn:aws:kms:us-east-1:000000000000:key/1'
  const Code = { ZipFile: await zipOf('one'), SourceKMSKeyArn: key }
  expect(await server.create('f', { TenancyConfig, Code })).toMatchObject({ TenancyConfig })
  expect((await server.call('GetFunction', { FunctionName: 'f' }))['Code']).toMatchObject({ SourceKMSKeyArn: key })
})
