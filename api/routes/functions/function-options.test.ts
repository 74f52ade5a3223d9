import { describe, expect, test } from '@jest/globals'
import { arn, startControlPlane } from '../testing/control-plane.ts'

async function withVersion() {
  const server = startControlPlane()
  await server.create('f')
  await server.call('PublishVersion', { FunctionName: 'f' })
  return server
}

test('a recursion config is Terminate until it is set, and echoed', async () => {
  const server = await withVersion()
  const input = { FunctionName: 'f' }
  expect(await server.call('GetFunctionRecursionConfig', input)).toEqual({ RecursiveLoop: 'Terminate' })
  const allow = { RecursiveLoop: 'Allow' }
  expect(await server.call('PutFunctionRecursionConfig', { ...input, ...allow })).toEqual(allow)
  expect(await server.call('GetFunctionRecursionConfig', input)).toEqual(allow)
  const refusal = await server.refusal('PutFunctionRecursionConfig', { FunctionName: 'g', ...allow })
  expect(refusal).toMatchObject({ status: 404, message: `Function not found: ${arn}:g` })
})

describe('a runtime management config', () => {
  const manual = { UpdateRuntimeOn: 'Manual', RuntimeVersionArn: `arn:aws:lambda:us-east-1::runtime:${'a'.repeat(64)}` }

  test('is of one version, and shown as it was set', async () => {
    const server = await withVersion()
    const version = { FunctionName: 'f', Qualifier: '1' }
    const shown = { ...manual, FunctionArn: `${arn}:f:1` }
    expect(await server.call('PutRuntimeManagementConfig', { ...version, ...manual })).toEqual(shown)
    expect(await server.call('GetRuntimeManagementConfig', version)).toEqual(shown)
    expect(await server.call('GetRuntimeManagementConfig', { FunctionName: 'f' })).toEqual({
      UpdateRuntimeOn: 'Auto',
      FunctionArn: `${arn}:f`,
    })
  })

  test.each<[string, object, number]>([
    ['Manual names no runtime version', { UpdateRuntimeOn: 'Manual' }, 400],
    ['Auto names one', { ...manual, UpdateRuntimeOn: 'Auto' }, 400],
    ['the version is unknown', { Qualifier: '7', UpdateRuntimeOn: 'Auto' }, 404],
  ])('is refused when %s', async (_case, members, status) => {
    const server = await withVersion()
    const refusal = await server.refusal('PutRuntimeManagementConfig', { FunctionName: 'f', ...members })
    expect(refusal.status).toBe(status)
  })
})
