import { randomUUID } from 'node:crypto'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { SharedArchives } from './shared-archives.ts'

export interface BucketSettings {
  readonly bucket: string
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string
  /** An S3-compatible server; AWS when there is none. */
  readonly endpoint?: string | undefined
  readonly region: string
}

const connectMs = 3_000
const requestMs = 30_000

/**
 * Archives in a bucket, as `<prefix>/<hex>/<id>.zip`, read and written with the server's own credentials (`AWS_ACCESS_KEY_ID` and so
 * on). Throws an error of one line when the bucket cannot be used.
 */
export async function openS3Archives({ bucket, prefix, endpoint, region }: BucketSettings): Promise<SharedArchives> {
  const client = new S3Client({
    region,
    requestHandler: { connectionTimeout: connectMs, requestTimeout: requestMs },
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
  })
  const root = prefix === '' ? '' : `${prefix}/`
  const keysOf = (under: string) => listKeys(client, bucket, root + under)
  try {
    await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: root, MaxKeys: 1 }))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause)
    const line = `The bucket ${bucket} cannot be used: ${reason.replace(/\s+/g, ' ').replace(/\.$/, '')}.`
    throw new Error(`${line} Set KUBELAMBDA_CODE_URL, and KUBELAMBDA_S3_ENDPOINT when it is not on AWS.`, { cause })
  }
  return {
    place: `s3://${bucket}/${root}`,
    write: async (hex, zip) => {
      const Key = `${root}${hex}/${randomUUID()}.zip`
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: zip, ContentLength: zip.length }))
    },
    namesOf: (hex) => keysOf(`${hex}/`),
    list: async () =>
      (await keysOf('')).flatMap((name) => {
        const hex = /^([0-9a-f]{64})\/[^/]+\.zip$/.exec(name.slice(root.length))?.[1]
        // Other objects in the bucket do not belong to kubelambda.
        return hex === undefined ? [] : [{ name, hex }]
      }),
    read: (name) => readObject(client, bucket, name),
    remove: async (name) => {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: name }))
    },
  }
}

async function listKeys(client: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = []
  let token: string | undefined
  do {
    const from = token === undefined ? {} : { ContinuationToken: token }
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...from }))
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key])))
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
  return keys
}

async function readObject(client: S3Client, bucket: string, key: string): Promise<Buffer | undefined> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    return Buffer.from((await Body?.transformToByteArray()) ?? [])
  } catch (cause) {
    if (cause instanceof NoSuchKey) return undefined
    throw cause
  }
}
