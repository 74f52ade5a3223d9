import { unsupported, type ErrorFormat } from './error-format.ts'
import { xmlDocument } from './xml.ts'

/** EC2's own XML, which SimpleDB shares. */
export const ec2Error: ErrorFormat = ({ message, requestId }) => {
  const error = [
    ['Code', unsupported.code],
    ['Message', message],
  ] as const
  const content = [
    ['Errors', [['Error', error]]],
    ['RequestID', requestId],
  ] as const
  return {
    status: unsupported.status,
    headers: { 'content-type': 'text/xml' },
    body: xmlDocument([['Response', content]]),
  }
}
