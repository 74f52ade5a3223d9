import { describe, expect, test } from '@jest/globals'
import { arn, newFunction, startControlPlane } from '../testing/control-plane.ts'

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

describe('the network of a function', () => {
  const vpc = { SubnetIds: ['subnet-0a1b2c3d'], SecurityGroupIds: ['sg-0a1b2c3d'] }

  test('is looked up at creation and update, where EC2 is there to be asked', async () => {
    const asked: unknown[] = []
    let isKnown = true
    const server = startControlPlane({
      network: {
        refusal: async (action, ids) => {
          asked.push([action, ids])
          const [id = ''] = ids
          return isKnown
            ? undefined
            : { code: 'InvalidSubnetID.NotFound', message: `The subnet ID '${id}' does not exist` }
        },
      },
    })
    await server.create('f', { VpcConfig: vpc })
    expect(asked).toEqual([
      ['DescribeSubnets', vpc.SubnetIds],
      ['DescribeSecurityGroups', vpc.SecurityGroupIds],
    ])
    isKnown = false
    const message =
      'Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. ' +
      "EC2 Error Message: The subnet ID 'subnet-0a1b2c3d' does not exist"
    const update = await server.refusal('UpdateFunctionConfiguration', { FunctionName: 'f', VpcConfig: vpc })
    expect(update).toMatchObject({ status: 400, type: 'InvalidParameterValueException', message })
    const created = await server.refusal('CreateFunction', await newFunction('g', { VpcConfig: vpc }))
    expect(created.message).toBe(message)
    await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', Description: 'other' })
    expect(asked).toHaveLength(4)
  })

  test('has its file systems shown as they were set', async () => {
    const server = startControlPlane()
    const Arn =
      'arn:aws:s3files:us-east-1:000000000000:file-system/fs-0123456789abcdef0/access-point/fsap-0123456789abcdef0'
    const FileSystemConfigs = [{ Arn, LocalMountPath: '/mnt/files', S3FilesConfig: { DirectS3Read: 'ENABLED' } }]
    const created = await server.create('f', { VpcConfig: vpc, FileSystemConfigs })
    expect(created['FileSystemConfigs']).toEqual(FileSystemConfigs)
  })
})
