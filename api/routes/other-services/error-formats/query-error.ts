import { unsupported, type ErrorFormat } from './error-format.ts'
import { xmlDocument } from './xml.ts'

/** AWS Query: STS, IAM, SNS, CloudFormation. */
export const queryError: ErrorFormat = ({ message, requestId }) => ({
  status: unsupported.status,
  headers: { 'content-type': 'text/xml' },
  body: xmlDocument([
    [
      'ErrorResponse',
      [
        [
          'Error',
          [
            ['Type', 'Sender'],
            ['Code', unsupported.code],
            ['Message', message],
          ],
        ],
        ['RequestId', requestId],
      ],
    ],
  ]),
})
