import { describe, expect, test } from '@jest/globals'
import type { OperationName } from '../../model/operations.ts'
import { arn, newFunction, startControlPlane, zipOf, type ControlPlaneHarness } from '../testing/control-plane.ts'

const tags = async (server: ControlPlaneHarness) =>
  (await server.call('ListTags', { Resource: `${arn}:f` }))['Tags'] as unknown

describe('tags', () => {
  test('are added, replaced, and removed; each change is a new revision', async () => {
    const server = startControlPlane()
    const { RevisionId } = await server.create('f', { Tags: { a: '1' } })
    await server.call('TagResource', { Resource: `${arn}:f`, Tags: { a: '2', b: '3' } })
    expect(await tags(server)).toEqual({ a: '2', b: '3' })
    await server.call('UntagResource', { Resource: `${arn}:f`, TagKeys: ['a', 'unknown'] })
    expect(await tags(server)).toEqual({ b: '3' })
    expect(await server.call('GetFunctionConfiguration', { FunctionName: 'f' })).not.toMatchObject({ RevisionId })
  })

  const tooMany = Object.fromEntries(Array.from({ length: 51 }, (_, key) => [`k${key}`, '']))
  test.each<[string, object, object, string]>([
    [
      'a version',
      { Resource: `${arn}:f:1` },
      { a: '' },
      'Tags on function aliases and versions are not supported. Please specify a function ARN.',
    ],
    ['an unknown function', { Resource: `${arn}:g` }, { a: '' }, `Function not found: ${arn}:g`],
    ['51', {}, tooMany, 'Number of tags exceeds resource tag limit.'],
    ['none', {}, {}, 'An error occurred and the request cannot be processed.'],
  ])('for %s are refused', async (_case, members, given, message) => {
    const server = startControlPlane()
    await server.create('f')
    const refusal = await server.refusal('TagResource', { Resource: `${arn}:f`, Tags: given, ...members })
    expect(refusal.message).toBe(message)
    expect(await tags(server)).toEqual({})
  })
})

describe('reserved concurrency', () => {
  test('is put, read and deleted', async () => {
    const server = startControlPlane()
    await server.create('f')
    const input = { FunctionName: 'f' }
    expect(await server.call('GetFunctionConcurrency', input)).toEqual({})
    const put = { ...input, ReservedConcurrentExecutions: 900 }
    expect(await server.call('PutFunctionConcurrency', put)).toEqual({ ReservedConcurrentExecutions: 900 })
    expect(await server.call('GetFunctionConcurrency', input)).toEqual({ ReservedConcurrentExecutions: 900 })
    expect((await server.call('GetAccountSettings')).AccountLimit.UnreservedConcurrentExecutions).toBe(100)
    expect(await server.call('DeleteFunctionConcurrency', input)).toEqual({})
    expect(await server.call('GetFunctionConcurrency', input)).toEqual({})
  })

  test('leaves 100 to the others', async () => {
    const server = startControlPlane()
    await server.create('f')
    const refusal = await server.refusal('PutFunctionConcurrency', {
      FunctionName: 'f',
      ReservedConcurrentExecutions: 901,
    })
    expect(refusal).toMatchObject({
      status: 400,
      typed: false,
      message: expect.stringContaining('minimum value of [100].'),
    })
  })

  test('is of functions alone', async () => {
    const server = startControlPlane()
    const put = (FunctionName: string) =>
      server.refusal('PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions: 1 })
    expect((await put('f:1')).message).toMatch(/^This operation is permitted on Lambda functions only/)
    expect((await put('g')).message).toBe(`Function not found: ${arn}:g:$LATEST`)
  })
})

test('account settings count functions and the code of each version', async () => {
  const server = startControlPlane()
  const { CodeSize } = await server.create('f', { Publish: true })
  expect(await server.call('GetAccountSettings')).toEqual({
    AccountLimit: {
      TotalCodeSize: 80_530_636_800,
      CodeSizeUnzipped: 262_144_000,
      CodeSizeZipped: 52_428_800,
      ConcurrentExecutions: 1000,
      UnreservedConcurrentExecutions: 1000,
    },
    AccountUsage: { TotalCodeSize: 2 * CodeSize, FunctionCount: 1 },
  })
})

describe('operations that deployment tools call on every plan', () => {
  test('has its defaults', async () => {
    const server = startControlPlane()
    await server.create('f')
    const input = { FunctionName: 'f' }
    expect(await server.call('GetFunctionCodeSigningConfig', input)).toEqual({})
    expect(await server.call('GetFunctionRecursionConfig', input)).toEqual({ RecursiveLoop: 'Terminate' })
    expect(await server.call('GetRuntimeManagementConfig', input)).toEqual({
      UpdateRuntimeOn: 'Auto',
      FunctionArn: `${arn}:f`,
    })
  })

  test('is 404 where nothing was set', async () => {
    const server = startControlPlane()
    await server.create('f')
    const message = async (operation: OperationName) => (await server.refusal(operation, { FunctionName: 'f' })).message
    expect(await message('GetPolicy')).toBe('The resource you requested does not exist.')
    expect(await message('GetFunctionEventInvokeConfig')).toBe(
      `The function ${arn}:f:$LATEST doesn't have an EventInvokeConfig`,
    )
  })
})

describe('the limit of code', () => {
  const refused = {
    type: 'CodeStorageExceededException',
    status: 400,
    message: 'Code storage limit exceeded.',
    typed: true,
  }

  test('counts each version and layer, refuses what exceeds it, and changes nothing then', async () => {
    const [one, two] = [await zipOf('one'), await zipOf('two')]
    const server = startControlPlane({ maxCodeBytes: 3 * one.length })
    const usage = async () =>
      (await server.call('GetAccountSettings')) as { AccountUsage: object; AccountLimit: object }
    await server.create('f', { Code: { ZipFile: one } })
    await server.call('UpdateFunctionCode', { FunctionName: 'f', ZipFile: two })
    await server.lifecycle.settled()
    await server.call('PublishVersion', { FunctionName: 'f' })
    await server.call('PublishLayerVersion', { LayerName: 'l', Content: { ZipFile: one } })
    const full = { AccountUsage: { TotalCodeSize: 3 * one.length }, AccountLimit: { TotalCodeSize: 3 * one.length } }
    expect(await usage()).toMatchObject(full)
    const stored = server.packages.size
    const third = await zipOf('six')
    expect(await server.refusal('CreateFunction', await newFunction('g', { Code: { ZipFile: third } }))).toEqual(
      refused,
    )
    expect(await server.refusal('PublishLayerVersion', { LayerName: 'm', Content: { ZipFile: third } })).toEqual(
      refused,
    )
    const update = { FunctionName: 'f', ZipFile: third, Publish: true }
    expect(await server.refusal('UpdateFunctionCode', { ...update, ZipFile: await zipOf('longer than one') })).toEqual(
      refused,
    )
    expect(server.packages.size).toBe(stored)
    expect(await server.refusal('UpdateFunctionCode', update)).toEqual(refused)
    expect(await usage()).toMatchObject(full)
    await server.call('UpdateFunctionCode', { FunctionName: 'f', ZipFile: third })
    await server.lifecycle.settled()
    expect(await server.refusal('PublishVersion', { FunctionName: 'f' })).toEqual(refused)
    await server.call('DeleteLayerVersion', { LayerName: 'l', VersionNumber: 1 })
    expect(await server.call('PublishVersion', { FunctionName: 'f' })).toMatchObject({ Version: '2' })
  })
})
