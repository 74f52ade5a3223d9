import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3'
import { invalidParameterValue, packageErrors } from '../../errors.ts'
import type { FetchedObject, ObjectReference, ObjectRefusal, ObjectSource } from '../../functions/code/object-source.ts'
import { packageLimits } from '../../functions/code/deployment-package.ts'

/** Objects of an S3-compatible server, read with the server's own credentials (`AWS_ACCESS_KEY_ID` and so on). */
export function createS3ObjectSource(endpoint: string, region: string): ObjectSource {
  let loading: Promise<S3Client> | undefined
  // Loaded at first use: most servers never need it, and it is slow to load.
  const load = () =>
    (loading ??= import('@aws-sdk/client-s3').then(
      (sdk) => new sdk.S3Client({ endpoint, region, forcePathStyle: true }),
    ))
  return {
    fetch: async (reference) => fetchObject(await load(), reference),
    refusal: async (reference) => probeObject(await load(), reference),
  }
}

async function fetchObject(client: S3Client, reference: ObjectReference): Promise<FetchedObject> {
  try {
    const { Body, ContentLength = 0, VersionId } = await getObject(client, reference)
    if (ContentLength > packageLimits.unzippedBytes) throw packageErrors.unzippedTooLarge()
    const zip = Buffer.from((await Body?.transformToByteArray()) ?? [])
    // Objects from the time before a bucket had versions have the version `null`.
    return VersionId === undefined || VersionId === 'null' ? { zip } : { zip, version: VersionId }
  } catch (error) {
    const refusal = refusalIn(error)
    if (refusal === undefined) throw error
    throw invalidParameterValue(
      `Error occurred while GetObject. S3 Error Code: ${refusal.code}. S3 Error Message: ${refusal.message}`,
    )
  }
}

/** Asks for the object and reads nothing of it, since S3 gives reasons only for GET. */
async function probeObject(client: S3Client, reference: ObjectReference): Promise<ObjectRefusal | undefined> {
  try {
    const { Body } = await getObject(client, reference)
    if (Body !== undefined && 'destroy' in Body) Body.destroy()
    return undefined
  } catch (error) {
    const refusal = refusalIn(error)
    if (refusal === undefined) throw error
    return refusal
  }
}

async function getObject(client: S3Client, reference: ObjectReference): Promise<GetObjectCommandOutput> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3')
  const { bucket, key, version } = reference
  const versionId = version === undefined ? {} : { VersionId: version }
  return client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...versionId }))
}

/** What S3 refuses (reference 2.4); undefined for other faults, which stay internal errors. */
function refusalIn(error: unknown): ObjectRefusal | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined
  const status = (error.$metadata as { httpStatusCode?: number }).httpStatusCode ?? 500
  return status >= 500 ? undefined : { code: error.name, message: error.message }
}
