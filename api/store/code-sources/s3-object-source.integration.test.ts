import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { describeWithMoto, startMoto, type Moto } from '../../events/testing/moto.ts'
import { createS3ObjectSource } from './s3-object-source.ts'

describeWithMoto('packages in S3', () => {
  let moto: Moto
  let client: S3Client
  beforeAll(async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' })
    moto = await startMoto()
    client = new S3Client({ endpoint: moto.endpoint, region: 'us-east-1', forcePathStyle: true })
    for (const Bucket of ['plain', 'versioned']) await client.send(new CreateBucketCommand({ Bucket }))
    const VersioningConfiguration = { Status: 'Enabled' } as const
    await client.send(new PutBucketVersioningCommand({ Bucket: 'versioned', VersioningConfiguration }))
  }, 60_000)
  afterAll(async () => {
    client.destroy()
    await moto.stop()
  })

  const objects = () => createS3ObjectSource(moto.endpoint, 'us-east-1')
  const put = async (Bucket: string, Body: string) =>
    (await client.send(new PutObjectCommand({ Bucket, Key: 'f.zip', Body }))).VersionId

  test('have the version that was fetched, where the bucket has versions', async () => {
    const [first, second] = [await put('versioned', 'one'), await put('versioned', 'two')]
    const reference = { bucket: 'versioned', key: 'f.zip' }
    expect(await objects().fetch(reference)).toEqual({ zip: Buffer.from('two'), version: second })
    expect(await objects().fetch({ ...reference, version: first ?? '' })).toEqual({
      zip: Buffer.from('one'),
      version: first,
    })
    await put('plain', 'three')
    expect(await objects().fetch({ bucket: 'plain', key: 'f.zip' })).toEqual({ zip: Buffer.from('three') })
  })

  test('that S3 does not give have its reason', async () => {
    await put('plain', 'three')
    expect(await objects().refusal({ bucket: 'plain', key: 'f.zip' })).toBeUndefined()
    expect(await objects().refusal({ bucket: 'plain', key: 'none.zip' })).toMatchObject({ code: 'NoSuchKey' })
    await expect(objects().fetch({ bucket: 'none', key: 'f.zip' })).rejects.toThrow(
      'Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist',
    )
  })
})
