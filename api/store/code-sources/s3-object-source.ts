import type { S3Client } from '@aws-sdk/client-s3'
import { invalidParameterValue, packageErrors } from '../../errors.ts'
import type { ObjectReference, ObjectSource } from '../../functions/code/object-source.ts'
import { packageLimits } from '../../functions/code/deployment-package.ts'

/** Objects of an S3-compatible server, read with the server's own credentials (`AWS_ACCESS_KEY_ID` and so on). */
export function createS3ObjectSource(endpoint: string, region: string): ObjectSource {
  let client: Promise<S3Client> | undefined
  return {
    async fetch(reference) {
      // Loaded at first use: most servers never need it, and it is slow to load.
      client ??= import('@aws-sdk/client-s3').then(
        (sdk) => new sdk.S3Client({ endpoint, region, forcePathStyle: true }),
      )
      return fetchObject(await client, reference)
    },
  }
}

async function fetchObject(client: S3Client, { bucket, key, version }: ObjectReference): Promise<Buffer> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3')
  const versionId = version === undefined ? {} : { VersionId: version }
  try {
    const { Body, ContentLength = 0 } = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: key, ...versionId }),
    )
    if (ContentLength > packageLimits.unzippedBytes) throw packageErrors.unzippedTooLarge()
    return Buffer.from((await Body?.transformToByteArray()) ?? [])
  } catch (error) {
    throw refusal(error)
  }
}

/** Translates S3's refusals into AWS's errors (reference 2.4). Other faults stay internal errors. */
function refusal(error: unknown): unknown {
  if (!(error instanceof Error) || !('$metadata' in error)) return error
  const status = (error.$metadata as { httpStatusCode?: number }).httpStatusCode ?? 500
  if (status >= 500) return error
  return invalidParameterValue(
    `Error occurred while GetObject. S3 Error Code: ${error.name}. S3 Error Message: ${error.message}`,
  )
}
