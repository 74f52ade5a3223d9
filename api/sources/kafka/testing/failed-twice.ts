import { expect } from '@jest/globals'

export const isoTime: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

/** The failure record of a batch that failed twice with one retry, without Kafka's own members (reference 8.3). */
export const failedTwice = {
  requestContext: {
    requestId: expect.any(String) as unknown,
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    condition: 'RetryAttemptsExhausted',
    approximateInvokeCount: 2,
  },
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  version: '1.0',
  timestamp: isoTime,
}
