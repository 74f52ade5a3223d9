import type { ErrorFormat } from './error-format.ts'
import { xmlDocument } from './xml.ts'

/** S3's XML; code and status are those that S3 has for what it does not implement. On 400 its clients would look for the region. */
export const s3Error: ErrorFormat = ({ message, requestId, path }) => {
  const error = [
    ['Code', 'NotImplemented'],
    ['Message', message],
    ['Resource', path],
    ['RequestId', requestId],
  ] as const
  return {
    status: 501,
    headers: { 'content-type': 'application/xml', 'x-amz-request-id': requestId },
    body: xmlDocument([['Error', error]]),
  }
}
