const consumerPart = /\/consumer\/.*$/

/** Whether this is the ARN of a consumer of a Kinesis stream, which has a throughput of its own on AWS. */
export function isConsumerArn(arn: string): boolean {
  return consumerPart.test(arn)
}

/** The ARN of the stream that a consumer is of; a stream's own as it is. */
export function streamArnOf(arn: string): string {
  return arn.replace(consumerPart, '')
}
