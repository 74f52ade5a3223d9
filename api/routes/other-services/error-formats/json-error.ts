import { queryErrorHeader, unsupported, type ErrorFormat } from './error-format.ts'

/** JSON 1.0 and 1.1, as the request is: DynamoDB, CloudWatch Logs, SQS, Kinesis, EventBridge. */
export const jsonError: ErrorFormat = ({ message, headers }) => ({
  status: unsupported.status,
  headers: {
    'content-type': `application/x-amz-json-${headers['content-type']?.includes('json-1.0') === true ? '1.0' : '1.1'}`,
    'x-amzn-errortype': unsupported.code,
    ...queryErrorHeader(headers),
  },
  body: Buffer.from(JSON.stringify({ __type: unsupported.code, message })),
})
