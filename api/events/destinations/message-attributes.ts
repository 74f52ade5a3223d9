import type { DeadLetterAttributes } from '../outcomes/destination-message.ts'

interface Attribute {
  readonly DataType: 'String' | 'Number'
  readonly StringValue: string
}

/** Characters that SQS rejects, such as the control characters of coloured errors. */
const refusedCharacters = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

/** A dead letter's attributes for SQS and SNS; both reject an empty string. */
export function messageAttributes(attributes: DeadLetterAttributes): Record<string, Attribute> {
  const { requestId, errorCode, errorMessage = '' } = attributes
  return {
    RequestID: { DataType: 'String', StringValue: requestId },
    ErrorCode: { DataType: 'Number', StringValue: String(errorCode) },
    ...(errorMessage === ''
      ? {}
      : { ErrorMessage: { DataType: 'String', StringValue: errorMessage.replaceAll(refusedCharacters, '\ufffd') } }),
  }
}
