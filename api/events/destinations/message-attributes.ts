import type { DeadLetterAttributes } from './parcel.ts'

interface Attribute {
  readonly DataType: 'String' | 'Number'
  readonly StringValue: string
}

/** A dead letter's attributes as SQS and SNS write them; neither takes an empty text. */
export function messageAttributes(attributes: DeadLetterAttributes): Record<string, Attribute> {
  const { requestId, errorCode, errorMessage = '' } = attributes
  return {
    RequestID: { DataType: 'String', StringValue: requestId },
    ErrorCode: { DataType: 'Number', StringValue: String(errorCode) },
    ...(errorMessage === '' ? {} : { ErrorMessage: { DataType: 'String', StringValue: errorMessage } }),
  }
}
