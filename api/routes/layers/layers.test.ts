import { describe, expect, test } from '@jest/globals'
import { codeInUse } from '../../functions/code/code-in-use.ts'
import { aPackage } from '../../functions/testing/samples.ts'
import { newFunction, startControlPlane, zipOf, type ControlPlaneHarness } from '../testing/control-plane.ts'

const layer = 'arn:aws:lambda:us-east-1:000000000000:layer'

async function publish(server: ControlPlaneHarness, LayerName: string, members: object = {}) {
  return server.call('PublishLayerVersion', { LayerName, Content: { ZipFile: await zipOf('one') }, ...members })
}

describe('a layer version that is published', () => {
  test('is answered with where its code is, and shown the same later', async () => {
    const server = startControlPlane()
    const published = await publish(server, 'l')
    expect(published).toEqual({
      Content: { Location: expect.any(String), CodeSha256: expect.any(String), CodeSize: (await zipOf('one')).length },
      LayerArn: `${layer}:l`,
      LayerVersionArn: `${layer}:l:1`,
      Description: '',
      CreatedDate: '2025-11-25T02:46:47.123+0000',
      Version: 1,
    })
    expect(server.packages.has(published['Content'].CodeSha256)).toBe(true)
    expect(await server.call('GetLayerVersion', { LayerName: 'l', VersionNumber: 1 })).toEqual(published)
    expect(await server.call('GetLayerVersionByArn', { Arn: `${layer}:l:1` })).toEqual(published)
    expect(await server.call('GetLayerVersion', { LayerName: `${layer}:l`, VersionNumber: 1 })).toEqual(published)
  })

  test('keeps what is said of it', async () => {
    const said = {
      Description: 'd',
      LicenseInfo: 'MIT',
      CompatibleRuntimes: ['ruby3.3'],
      CompatibleArchitectures: ['arm64'],
    }
    expect(await publish(startControlPlane(), 'l', said)).toMatchObject(said)
  })

  test('has empty lists where it was published with empty ones, and may name retired runtimes', async () => {
    const server = startControlPlane()
    const empty = { CompatibleRuntimes: [], CompatibleArchitectures: [] }
    expect(await publish(server, 'l', empty)).toMatchObject(empty)
    const retired = ['nodejs12.x', 'python3.7', 'go1.x', 'dotnetcore3.1', 'java8', 'ruby2.7', 'provided']
    expect(await publish(server, 'l', { CompatibleRuntimes: retired })).toMatchObject({ CompatibleRuntimes: retired })
  })

  test('gets a number that no version before it had, also when they are deleted', async () => {
    const server = startControlPlane()
    await publish(server, 'l')
    await publish(server, 'l')
    await server.call('DeleteLayerVersion', { LayerName: 'l', VersionNumber: 2 })
    await server.call('DeleteLayerVersion', { LayerName: 'l', VersionNumber: 1 })
    expect(await publish(server, 'l')).toMatchObject({ Version: 3 })
    expect(await publish(server, 'other')).toMatchObject({ Version: 1 })
  })

  test('gets its own number when others are published at the same time', async () => {
    const server = startControlPlane()
    const published = await Promise.all(Array.from({ length: 8 }, () => publish(server, 'l')))
    expect(published.map(({ Version }) => Version as number).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('counts for the account', async () => {
    const server = startControlPlane()
    const { Content } = await publish(server, 'l')
    expect(await server.call('GetAccountSettings')).toMatchObject({ AccountUsage: { TotalCodeSize: Content.CodeSize } })
  })
})

describe('layer versions', () => {
  test('are listed newest first, page by page', async () => {
    const server = startControlPlane()
    for (let count = 0; count < 12; count++) await publish(server, 'l')
    await publish(server, 'l-2')
    const first = await server.call('ListLayerVersions', { LayerName: 'l', MaxItems: 10 })
    const second = await server.call('ListLayerVersions', { LayerName: 'l', MaxItems: 10, Marker: first['NextMarker'] })
    const numbers = [...first['LayerVersions'], ...second['LayerVersions']].map(
      ({ Version }: { Version: number }) => Version,
    )
    expect(numbers).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
    expect(second).not.toHaveProperty('NextMarker')
    expect(first['LayerVersions'][0]).not.toHaveProperty('Content')
  })

  test('are found by runtime and architecture', async () => {
    const server = startControlPlane()
    await publish(server, 'l', { CompatibleRuntimes: ['ruby3.3'], CompatibleArchitectures: ['arm64'] })
    await publish(server, 'l', { CompatibleRuntimes: ['python3.12'] })
    const listed = async (filter: object) => {
      const { LayerVersions } = await server.call('ListLayerVersions', { LayerName: 'l', ...filter })
      return (LayerVersions as { Version: number }[]).map(({ Version }) => Version)
    }
    expect(await listed({ CompatibleRuntime: 'ruby3.3' })).toEqual([1])
    expect(await listed({ CompatibleArchitecture: 'arm64' })).toEqual([1])
    expect(await listed({ CompatibleRuntime: 'java21' })).toEqual([])
    expect(await server.call('ListLayers', { CompatibleRuntime: 'ruby3.3' })).toMatchObject({
      Layers: [{ LayerName: 'l', LatestMatchingVersion: { Version: 1 } }],
    })
  })

  test('stand for their layers with the newest, and a layer without versions is not listed', async () => {
    const server = startControlPlane()
    for (const name of ['c', 'b', 'a', 'b']) await publish(server, name)
    await server.call('DeleteLayerVersion', { LayerName: 'c', VersionNumber: 1 })
    const first = await server.call('ListLayers', { MaxItems: 1 })
    expect(first).toMatchObject({
      Layers: [{ LayerName: 'a', LayerArn: `${layer}:a` }],
      NextMarker: expect.any(String),
    })
    const second = await server.call('ListLayers', { Marker: first['NextMarker'] })
    expect(second['Layers']).toEqual([
      {
        LayerName: 'b',
        LayerArn: `${layer}:b`,
        LatestMatchingVersion: {
          LayerVersionArn: `${layer}:b:2`,
          ...{ Version: 2, Description: '', CreatedDate: '2025-11-25T02:46:47.123+0000' },
        },
      },
    ])
    expect(await server.call('ListLayerVersions', { LayerName: 'nobody' })).toEqual({ LayerVersions: [] })
  })

  test('can be deleted twice', async () => {
    const server = startControlPlane()
    await publish(server, 'l')
    for (let count = 0; count < 2; count++) {
      expect(await server.call('DeleteLayerVersion', { LayerName: 'l', VersionNumber: 1 })).toEqual({})
    }
    expect(await server.refusal('GetLayerVersion', { LayerName: 'l', VersionNumber: 1 })).toMatchObject({
      ...{ status: 404, type: 'ResourceNotFoundException', message: 'The resource you requested does not exist.' },
    })
  })

  test.each<[string, object, object]>([
    ['GetLayerVersion', { VersionNumber: 0 }, { status: 400, message: 'Layer Version Cannot be less than 1' }],
    ['GetLayerVersion', { VersionNumber: 9 }, { status: 404, message: 'The resource you requested does not exist.' }],
    [
      'GetLayerVersionPolicy',
      { VersionNumber: 9 },
      { status: 404, message: `Layer version ${layer}:l:9 does not exist.` },
    ],
    ['GetLayerVersion', { LayerName: layer.replace('000000000000', '111111111111') + ':l' }, { status: 403 }],
  ])('that are not there are refused by %s %#', async (operation, members, expected) => {
    const input = { LayerName: 'l', VersionNumber: 1, ...members }
    expect(await startControlPlane().refusal(operation as 'GetLayerVersion', input)).toMatchObject(expected)
  })
})

describe('the policy of a layer version', () => {
  const one = { LayerName: 'l', VersionNumber: 1 }
  const add = { ...one, StatementId: 's', Action: 'lambda:GetLayerVersion', Principal: '123456789012' }

  test('is built from statements, printed, and gone with the last one', async () => {
    const server = startControlPlane()
    await publish(server, 'l')
    const { Statement, RevisionId } = await server.call('AddLayerVersionPermission', add)
    const statement =
      `{"Sid":"s","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},` +
      `"Action":"lambda:GetLayerVersion","Resource":"${layer}:l:1"}`
    expect(Statement).toBe(statement)
    expect(await server.call('GetLayerVersionPolicy', one)).toEqual({
      Policy: `{"Version":"2012-10-17","Id":"default","Statement":[${statement}]}`,
      RevisionId,
    })
    await server.call('RemoveLayerVersionPermission', { ...one, StatementId: 's', RevisionId })
    expect(await server.refusal('GetLayerVersionPolicy', one)).toMatchObject({
      ...{ status: 404, message: 'No policy is associated with the given resource.' },
    })
  })

  test('may be for an organization', async () => {
    const server = startControlPlane()
    await publish(server, 'l')
    const { Statement } = await server.call('AddLayerVersionPermission', {
      ...{ ...add, Principal: '*', OrganizationId: 'o-abcdefghij' },
    })
    expect(JSON.parse(Statement as string)).toMatchObject({
      Principal: '*',
      Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-abcdefghij' } },
    })
  })

  test.each<[string, 'AddLayerVersionPermission' | 'RemoveLayerVersionPermission', object, object]>([
    [
      'a statement twice',
      'AddLayerVersionPermission',
      add,
      { status: 409, message: /^The statement id \(s\) provided/ },
    ],
    [
      'another revision',
      'AddLayerVersionPermission',
      { ...add, StatementId: 't', RevisionId: 'x' },
      { status: 412, message: /Call the GetLayerPolicy API to retrieve the latest Revision Id$/ },
    ],
    [
      'an unknown statement',
      'RemoveLayerVersionPermission',
      { ...one, StatementId: 'x' },
      { status: 404, message: 'Statement x is not found in resource policy.' },
    ],
    [
      'an unknown version',
      'AddLayerVersionPermission',
      { ...add, VersionNumber: 2 },
      { status: 404, message: `Layer version ${layer}:l:2 does not exist.` },
    ],
  ])('refuses %s', async (_case, operation, input, expected) => {
    const server = startControlPlane()
    await publish(server, 'l')
    await server.call('AddLayerVersionPermission', add)
    const before = await server.call('GetLayerVersionPolicy', one)
    expect(await server.refusal(operation, input)).toMatchObject(expected)
    expect(await server.call('GetLayerVersionPolicy', one)).toEqual(before)
  })
})

describe('layers of a function', () => {
  test('are shown with their size, in their order, and stay when their versions are deleted', async () => {
    const server = startControlPlane()
    const { Content } = await publish(server, 'a')
    await publish(server, 'b')
    const Layers = [`${layer}:b:1`, `${layer}:a:1`]
    const shown = Layers.map((Arn) => ({ Arn, CodeSize: Content.CodeSize as number }))
    expect((await server.create('f', { Layers }))['Layers']).toEqual(shown)
    await server.call('DeleteLayerVersion', { LayerName: 'a', VersionNumber: 1 })
    expect(await server.call('GetFunctionConfiguration', { FunctionName: 'f' })).toMatchObject({ Layers: shown })
    expect(await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', Timeout: 9 })).toMatchObject({
      Layers: shown,
    })
  })

  test('can be replaced and taken away, which publishes a new version', async () => {
    const server = startControlPlane()
    await publish(server, 'a')
    await server.create('f', { Layers: [`${layer}:a:1`], Publish: true })
    await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', Layers: [] })
    await server.lifecycle.settled()
    const { Version, Layers } = await server.call('PublishVersion', { FunctionName: 'f' })
    expect({ Version, Layers }).toEqual({ Version: '2', Layers: undefined })
  })

  test('keep their packages while a version of a function names them', async () => {
    const server = startControlPlane()
    const { zip } = await aPackage({ 'a.txt': 'a' })
    const { Content } = await publish(server, 'a', { Content: { ZipFile: zip } })
    await publish(server, 'b')
    const used = async () => codeInUse(server.catalogue, server.documents)
    await server.create('f', { Layers: [`${layer}:a:1`, `${layer}:b:1`], Publish: true })
    await server.call('DeleteLayerVersion', { LayerName: 'a', VersionNumber: 1 })
    await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', Layers: [] })
    await server.lifecycle.settled()
    const hashes = await used()
    expect(hashes).toContain(Content.CodeSha256)
    expect(hashes.size).toBe(3)
    await server.call('DeleteFunction', { FunctionName: 'f' })
    expect(await used()).not.toContain(Content.CodeSha256)
  })

  test.each<[string, string[], string]>([
    ['six', [1, 2, 3, 4, 5, 6].map((count) => `${layer}:l${count}:1`), 'Cannot reference more than 5 layers.'],
    ['one that is missing', [`${layer}:x:1`], `Layer version ${layer}:x:1 does not exist.`],
    [
      'the same twice',
      [`${layer}:a:1`, `${layer}:a:1`],
      'Two different versions of the same layer are not allowed to be referenced in the same function. ' +
        `${layer}:a:1 and ${layer}:a:1 are versions of the same layer.`,
    ],
    [
      'one of another region',
      [`${layer}:a:1`.replace('us-east-1', 'eu-west-1')],
      'Layers are not in the same region as the function. Layers are expected to be in region us-east-1.',
    ],
  ])('are refused when there is %s', async (_case, Layers, message) => {
    const server = startControlPlane()
    await publish(server, 'a')
    expect(await server.refusal('CreateFunction', await newFunction('f', { Layers }))).toMatchObject({
      ...{ status: 400, type: 'InvalidParameterValueException', message },
    })
    await server.create('g')
    const before = await server.call('GetFunctionConfiguration', { FunctionName: 'g' })
    expect(await server.refusal('UpdateFunctionConfiguration', { FunctionName: 'g', Layers })).toMatchObject({
      message,
    })
    expect(await server.call('GetFunctionConfiguration', { FunctionName: 'g' })).toEqual(before)
  })

  test('of another account are an error that says how to have them fetched', async () => {
    const Layers = [`${layer}:a:1`.replace('000000000000', '123456789012')]
    expect(await startControlPlane().refusal('CreateFunction', await newFunction('f', { Layers }))).toMatchObject({
      ...{ status: 400, message: expect.stringContaining('KUBELAMBDA_LAYER_ENDPOINT') },
    })
  })

  test('must fit into 250 MB together with the code, unzipped', async () => {
    const server = startControlPlane()
    const { zip } = await aPackage({ large: Buffer.alloc(140_000_000) })
    for (const name of ['a', 'b']) await publish(server, name, { Content: { ZipFile: zip } })
    const message = 'Unzipped size must be smaller than 262144000 bytes'
    const Layers = [`${layer}:a:1`, `${layer}:b:1`]
    expect(await server.refusal('CreateFunction', await newFunction('f', { Layers }))).toMatchObject({ message })
    await server.create('f', { Layers: [`${layer}:a:1`] })
    const update = { FunctionName: 'f', ZipFile: zip }
    expect(await server.refusal('UpdateFunctionCode', update)).toMatchObject({ message })
    expect(await server.refusal('UpdateFunctionConfiguration', { FunctionName: 'f', Layers })).toMatchObject({
      message,
    })
  })
})
