/** A message as returned by ReceiveMessage. */
export interface SqsMessage {
  readonly MessageId: string
  readonly ReceiptHandle: string
  readonly Body: string
  readonly MD5OfBody: string
  readonly Attributes?: Readonly<Record<string, string>>
  readonly MessageAttributes?: Readonly<Record<string, SqsAttribute>>
  readonly MD5OfMessageAttributes?: string
}

interface SqsAttribute {
  readonly DataType: string
  readonly StringValue?: string
  /** Base64. */
  readonly BinaryValue?: string
  readonly StringListValues?: readonly string[]
  readonly BinaryListValues?: readonly string[]
}

/** One record of the event for a function (reference 8.2). */
export function sqsRecord(message: SqsMessage, queueArn: string): object {
  const attributes = Object.entries(message.MessageAttributes ?? {})
  const digest = attributes.length === 0 ? undefined : message.MD5OfMessageAttributes
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(attributes.map(([name, value]) => [name, attributeOf(value)])),
    ...(digest === undefined ? {} : { md5OfMessageAttributes: digest }),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(':')[3] ?? '',
  }
}

function attributeOf(attribute: SqsAttribute): object {
  const { StringValue, BinaryValue, StringListValues = [], BinaryListValues = [], DataType } = attribute
  return {
    ...(StringValue === undefined ? {} : { stringValue: StringValue }),
    ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
    stringListValues: StringListValues,
    binaryListValues: BinaryListValues,
    dataType: DataType,
  }
}
