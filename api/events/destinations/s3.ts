import { partsOfArn } from '../../aws/arn-parts.ts'
import type { ServiceEndpoint } from '../../aws/endpoint.ts'
import { clientsOf } from '../../aws/sdk-clients.ts'
import type { Deliver } from '../outcomes/destination-message.ts'

/** Puts records into S3 buckets, each under its own key, which is the same on a retry. */
export function createS3(endpoint: ServiceEndpoint | undefined, region: string): Deliver {
  const clientIn = clientsOf('S3', endpoint, async (settings) => {
    const { S3Client } = await import('@aws-sdk/client-s3')
    return new S3Client({ ...settings, forcePathStyle: settings.endpoint !== undefined })
  })
  return async ({ targetArn, body, functionName, endedMs, eventId, objectKey }, abortSignal) => {
    const client = await clientIn(region)
    const { PutObjectCommand } = await import('@aws-sdk/client-s3')
    const object = {
      Bucket: partsOfArn(targetArn).resource,
      Key: objectKey ?? keyOf(functionName, endedMs, eventId),
      Body: body,
      ContentType: 'application/json',
    }
    await client.send(new PutObjectCommand(object), { abortSignal })
  }
}

/** AWS's key for the record of an asynchronous invocation (reference 6.2). */
function keyOf(functionName: string, endedMs: number, eventId: string): string {
  const time = new Date(endedMs).toISOString().slice(0, 19)
  const folder = time.slice(0, 10).replaceAll('-', '/')
  return `aws/lambda/async/${functionName}/${folder}/${time.replaceAll(':', '.')}-${eventId}`
}
