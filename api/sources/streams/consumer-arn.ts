const consumerPart = /\/consumer\/.*$/

/** Whether this is the ARN of a consumer of a Kinesis stream, which on AWS has dedicated throughput. */
export function isConsumerArn(arn: string): boolean {
  return consumerPart.test(arn)
}

/** The stream's ARN of a consumer's ARN; a stream's ARN is returned as it is. */
export function streamArnOf(arn: string): string {
  return arn.replace(consumerPart, '')
}
