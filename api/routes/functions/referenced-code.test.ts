import { describe, expect, test } from '@jest/globals'
import type { ObjectSource } from '../../functions/code/object-source.ts'
import { aPackage } from '../../functions/testing/samples.ts'
import { newFunction, startControlPlane } from '../testing/control-plane.ts'

const object = { S3Bucket: 'code', S3Key: 'f.zip', S3ObjectStorageMode: 'REFERENCE' }
const resolved = { S3Bucket: 'code', S3Key: 'f.zip', S3ObjectVersion: 'v1' }

async function startWithBucket({ isVersioned = true } = {}) {
  const { zip } = await aPackage({ 'index.js': 'x' })
  const bucket = { isGone: false }
  const objects: ObjectSource = {
    fetch: async () => ({ zip, ...(isVersioned && { version: 'v1' }) }),
    refusal: async () =>
      bucket.isGone ? { code: 'NoSuchVersion', message: 'The specified version does not exist.' } : undefined,
  }
  return { server: startControlPlane({ objects }), bucket }
}

describe('code that refers to an object', () => {
  test('is shown with the version that was found, and with what S3 says once it is gone', async () => {
    const { server, bucket } = await startWithBucket()
    await server.create('f', { Code: object })
    const code = async () => (await server.call('GetFunction', { FunctionName: 'f' }))['Code'] as object
    expect(await code()).toMatchObject({
      RepositoryType: 'S3',
      ResolvedS3Object: resolved,
      Location: expect.any(String),
    })
    bucket.isGone = true
    const Error = { ErrorCode: 'NoSuchVersion', Message: 'The specified version does not exist.' }
    expect(await code()).toEqual({ RepositoryType: 'S3', ResolvedS3Object: resolved, Error })
  })

  test('belongs to the published version, until an update copies the code of $LATEST', async () => {
    const { server } = await startWithBucket()
    await server.create('f', { Code: object })
    await server.call('PublishVersion', { FunctionName: 'f' })
    await server.lifecycle.settled()
    await server.call('UpdateFunctionCode', { FunctionName: 'f', S3Bucket: 'code', S3Key: 'f.zip' })
    const published = await server.call('GetFunction', { FunctionName: 'f', Qualifier: '1' })
    expect(published['Code']).toMatchObject({ ResolvedS3Object: resolved })
    const latest = await server.call('GetFunction', { FunctionName: 'f' })
    expect(latest['Code']).not.toHaveProperty('ResolvedS3Object')
  })

  test('is shown for layers, too', async () => {
    const { server } = await startWithBucket()
    const published = await server.call('PublishLayerVersion', { LayerName: 'l', Content: object })
    expect(published['Content']).toMatchObject({ ResolvedS3Object: resolved })
    await server.create('f', { Code: object, Layers: [published['LayerVersionArn'] as string] })
  })

  test('needs a bucket with versions', async () => {
    const { server } = await startWithBucket({ isVersioned: false })
    const refusal = await server.refusal('CreateFunction', await newFunction('f', { Code: object }))
    expect(refusal).toMatchObject({ status: 400, type: 'InvalidParameterValueException' })
    expect(refusal.message).toContain('versioning')
    await server.create('f', { Code: { ...object, S3ObjectStorageMode: 'COPY' } })
  })
})
