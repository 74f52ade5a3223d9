import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { PreparationFailed } from '../../functions/versions/activation.ts'
import { fakeDocuments } from '../../functions/catalogue/documents.fake.ts'
import { createLifecycle } from '../../functions/lifecycle.ts'
import { arn, home, newFunction, startControlPlane, zipOf } from '../testing/control-plane.ts'

const role = 'arn:aws:iam::000000000000:role/r'
const creating = { StateReason: 'The function is being created.', StateReasonCode: 'Creating' }

describe('CreateFunction', () => {
  test('answers the whole configuration, pending, before the function is prepared', async () => {
    const server = startControlPlane()
    const release = server.hold()
    const zip = await zipOf('one')
    const sha256 = createHash('sha256').update(zip).digest('base64')
    expect(await server.call('CreateFunction', await newFunction('f'))).toEqual({
      FunctionName: 'f',
      FunctionArn: `${arn}:f`,
      Runtime: 'nodejs22.x',
      Role: role,
      Handler: 'index.handler',
      CodeSize: zip.length,
      CodeSha256: sha256,
      Description: '',
      Timeout: 3,
      MemorySize: 128,
      LastModified: '2025-11-25T02:46:47.123+0000',
      Version: '$LATEST',
      TracingConfig: { Mode: 'PassThrough' },
      RevisionId: expect.any(String),
      State: 'Pending',
      ...creating,
      PackageType: 'Zip',
      Architectures: ['x86_64'],
      EphemeralStorage: { Size: 512 },
      SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
      RuntimeVersionConfig: {
        RuntimeVersionArn: expect.stringMatching(/^arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}$/),
      },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/f' },
    })
    expect(server.packages.has(sha256)).toBe(true)
    release()
  })

  test('becomes active with a new revision and without reasons', async () => {
    const server = startControlPlane()
    const created = await server.call('CreateFunction', await newFunction('f'))
    await server.lifecycle.settled()
    const configuration = await server.call('GetFunctionConfiguration', { FunctionName: 'f' })
    expect(configuration).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' })
    expect(Object.keys(configuration).filter((key) => key.includes('Reason'))).toEqual([])
    expect(configuration.RevisionId).not.toBe(created.RevisionId)
  })

  test('keeps the code before the record that names it', async () => {
    const order: string[] = []
    const server = startControlPlane({ codeStore: { put: async () => void order.push('code') } })
    const save = server.catalogue.save.bind(server.catalogue)
    server.catalogue.save = async (change) => {
      order.push('record')
      return save(change)
    }
    await server.create('f')
    expect(order.slice(0, 2)).toEqual(['code', 'record'])
  })

  test('with Publish describes version 1 under the bare ARN', async () => {
    const server = startControlPlane()
    const created = await server.call('CreateFunction', await newFunction('f', { Publish: true }))
    expect(created).toMatchObject({ Version: '1', FunctionArn: `${arn}:f`, State: 'Pending' })
    await server.lifecycle.settled()
    const one = await server.call('GetFunctionConfiguration', { FunctionName: 'f', Qualifier: '1' })
    expect(one).toMatchObject({
      Version: '1',
      FunctionArn: `${arn}:f:1`,
      State: 'Active',
      LastUpdateStatus: 'Successful',
    })
    expect(await server.call('PublishVersion', { FunctionName: 'f' })).toMatchObject({ Version: '1' })
  })

  test.each<[string, object, object]>([
    [
      'a name taken',
      { FunctionName: 'taken' },
      { status: 409, type: 'ResourceConflictException', message: 'Function already exist: taken' },
    ],
    ['no code', { Code: {} }, { status: 400, message: 'Please provide a source for function code.' }],
    ['text for a zip', { Code: { ZipFile: Buffer.from('text') } }, { message: /^Could not unzip uploaded file/ }],
    [
      'a package for an image',
      { PackageType: 'Image' },
      { message: 'Please provide ImageUri when creating a function with packageType Image.' },
    ],
    ['code in S3 when there is none', { Code: { S3Bucket: 'b', S3Key: 'k' } }, { message: /KUBELAMBDA_S3_ENDPOINT/ }],
    [
      'a durable configuration',
      { DurableConfig: { ExecutionTimeout: 1 } },
      { message: /^DurableConfig is not supported/ },
    ],
    [
      'a layer',
      { Layers: ['arn:aws:lambda:us-east-1:000000000000:layer:a:1'] },
      { message: /layer:a:1 does not exist\.$/ },
    ],
    [
      '65 letters for a name',
      { FunctionName: 'f'.repeat(65) },
      { type: 'InvalidParameterValueException', message: /equal to 64$/ },
    ],
    [
      '51 tags',
      { Tags: Object.fromEntries(Array.from({ length: 51 }, (_, key) => [key, ''])) },
      { message: /^Number of tags/ },
    ],
  ])('with %s is refused and changes nothing', async (_case, members, expected) => {
    const server = startControlPlane()
    await server.create('taken')
    const before = await server.catalogue.usage()
    const refusal = await server.refusal('CreateFunction', await newFunction('f', members))
    for (const [key, value] of Object.entries(expected)) {
      if (value instanceof RegExp) expect(refusal.message).toMatch(value)
      else expect(refusal).toMatchObject({ [key]: value })
    }
    expect(await server.catalogue.usage()).toEqual(before)
    expect(server.packages.size).toBe(1)
  })

  test('fails with the reason when its preparation says one, and without inner text when it breaks', async () => {
    const server = startControlPlane()
    const release = server.hold()
    await server.call('CreateFunction', await newFunction('f'))
    release(new PreparationFailed('No such runtime.', 'InvalidRuntime'))
    await server.lifecycle.settled()
    expect(await server.call('GetFunctionConfiguration', { FunctionName: 'f' })).toMatchObject({
      State: 'Failed',
      StateReason: 'No such runtime.',
      StateReasonCode: 'InvalidRuntime',
    })
    const breakIt = server.hold()
    await server.call('CreateFunction', await newFunction('g'))
    breakIt(new Error('secret'))
    await server.lifecycle.settled()
    const broken = await server.call('GetFunctionConfiguration', { FunctionName: 'g' })
    expect(broken).toMatchObject({ State: 'Failed', StateReasonCode: 'InternalError' })
    expect(JSON.stringify(broken)).not.toContain('secret')
    expect(server.faults).toHaveLength(1)
  })

  test('is completed by the next server when this one dies before', async () => {
    const server = startControlPlane({ prepare: () => new Promise(() => undefined) })
    await server.call('CreateFunction', await newFunction('f', { Publish: true }))
    const next = createLifecycle({
      ...home,
      catalogue: server.catalogue,
      documents: fakeDocuments(),
      layers: { find: async () => undefined },
      codeStore: { put: async () => undefined },
      maxCodeBytes: 80_530_636_800,
      prepare: async () => undefined,
      initialise: async () => undefined,
      deletedFunctions: { discard: async () => undefined, discardAfterRemoval: async () => undefined },
      drain: () => undefined,
      onFault: () => undefined,
      stamp: { newId: () => 'id', nowMs: () => 0 },
    })
    await next.resume()
    await next.settled()
    for (const Qualifier of ['$LATEST', '1']) {
      expect(await server.call('GetFunctionConfiguration', { FunctionName: 'f', Qualifier })).toMatchObject({
        State: 'Active',
      })
    }
  })
})

describe('GetFunction', () => {
  test('answers configuration, a link, and tags and concurrency only when there are any', async () => {
    const server = startControlPlane()
    await server.create('f')
    const bare = await server.call('GetFunction', { FunctionName: 'f' })
    expect(Object.keys(bare)).toEqual(['Configuration', 'Code'])
    expect(bare.Code).toEqual({
      Location: expect.stringMatching(/^http:\/\/127\.0\.0\.1:9000\//),
      RepositoryType: 'S3',
    })
    await server.call('TagResource', { Resource: `${arn}:f`, Tags: { a: '1' } })
    await server.call('PutFunctionConcurrency', { FunctionName: 'f', ReservedConcurrentExecutions: 5 })
    expect(await server.call('GetFunction', { FunctionName: 'f' })).toMatchObject({
      Tags: { a: '1' },
      Concurrency: { ReservedConcurrentExecutions: 5 },
    })
    await server.call('PublishVersion', { FunctionName: 'f' })
    for (const Qualifier of ['$LATEST', '1'])
      expect(await server.call('GetFunction', { FunctionName: 'f', Qualifier })).not.toHaveProperty('Concurrency')
  })

  test('carries exactly the qualifier that was asked for', async () => {
    const server = startControlPlane()
    await server.create('f')
    await server.call('PublishVersion', { FunctionName: 'f' })
    await server.call('CreateAlias', { FunctionName: 'f', Name: 'prod', FunctionVersion: '1' })
    const shown = async (members: object) => {
      const { FunctionArn, Version } = await server.call('GetFunctionConfiguration', members)
      return [FunctionArn as unknown, Version as unknown]
    }
    expect(await shown({ FunctionName: 'f' })).toEqual([`${arn}:f`, '$LATEST'])
    expect(await shown({ FunctionName: 'f', Qualifier: '$LATEST' })).toEqual([`${arn}:f:$LATEST`, '$LATEST'])
    expect(await shown({ FunctionName: 'f:1' })).toEqual([`${arn}:f:1`, '1'])
    expect(await shown({ FunctionName: `${arn}:f:prod` })).toEqual([`${arn}:f:prod`, '1'])
  })

  test('of what is unknown is 404 with the qualifier that was given', async () => {
    const server = startControlPlane()
    await server.create('f')
    const message = async (members: object) => (await server.refusal('GetFunction', members)).message
    expect(await message({ FunctionName: 'g' })).toBe(`Function not found: ${arn}:g`)
    expect(await message({ FunctionName: 'g', Qualifier: '1' })).toBe(`Function not found: ${arn}:g:1`)
    expect(await message({ FunctionName: 'f', Qualifier: 'prod' })).toBe(`Function not found: ${arn}:f:prod`)
    expect(await message({ FunctionName: 'f', Qualifier: 'toString' })).toBe(`Function not found: ${arn}:f:toString`)
  })
})

describe('DeleteFunction', () => {
  test('removes versions and aliases, drains, and makes the name free', async () => {
    const server = startControlPlane()
    await server.create('f', { Publish: true })
    await server.call('DeleteFunction', { FunctionName: 'f' })
    expect(server.drained).toEqual(['f'])
    expect(await server.refusal('GetFunction', { FunctionName: 'f', Qualifier: '1' })).toMatchObject({ status: 404 })
    await server.create('f')
  })

  test('of one version leaves the others, and never gives its number again', async () => {
    const server = startControlPlane()
    await server.create('f', { Publish: true })
    await server.call('DeleteFunction', { FunctionName: 'f', Qualifier: '1' })
    await server.call('DeleteFunction', { FunctionName: 'f', Qualifier: '9' })
    expect(await server.refusal('GetFunction', { FunctionName: 'f:1' })).toMatchObject({ status: 404 })
    expect(await server.call('PublishVersion', { FunctionName: 'f' })).toMatchObject({ Version: '2' })
    expect(server.drained).toHaveLength(1)
  })

  test.each<[object, object]>([
    [
      { FunctionName: 'f', Qualifier: '$LATEST' },
      { status: 400, message: '$LATEST version cannot be deleted without deleting the function.' },
    ],
    [
      { FunctionName: 'f', Qualifier: 'prod' },
      { status: 400, message: 'Deletion of aliases is not currently supported.' },
    ],
    [{ FunctionName: 'f', Qualifier: '1' }, { status: 409 }],
    [{ FunctionName: 'g' }, { status: 404, message: `Function not found: ${arn}:g` }],
    [
      { FunctionName: 'g', Qualifier: '1' },
      { status: 404, message: `Function not found: ${arn}:g` },
    ],
  ])('of %j is refused', async (members, expected) => {
    const server = startControlPlane()
    await server.create('f', { Publish: true })
    await server.call('CreateAlias', { FunctionName: 'f', Name: 'prod', FunctionVersion: '1' })
    expect(await server.refusal('DeleteFunction', members)).toMatchObject(expected)
  })

  test('while the function is being prepared ends its preparation quietly', async () => {
    const server = startControlPlane()
    const release = server.hold()
    await server.call('CreateFunction', await newFunction('f'))
    await server.call('DeleteFunction', { FunctionName: 'f' })
    release()
    await server.lifecycle.settled()
    expect(server.faults).toEqual([])
    expect(await server.catalogue.find('f')).toBeUndefined()
  })
})
