import type { MessageAttributeValue, SQSClient } from '@aws-sdk/client-sqs'
import { partsOfArn } from '../../aws/arn-parts.ts'
import type { ServiceEndpoint } from '../../aws/endpoint.ts'
import { clientsOf } from '../../aws/sdk-clients.ts'
import { messageAttributes } from './message-attributes.ts'
import type { Deliver } from '../outcomes/destination-message.ts'

/** Sends to SQS queues of this or another account. A dead letter carries message attributes. */
export function createSqs(endpoint: ServiceEndpoint | undefined, accountId: string): Deliver {
  // The host in the queue URLs of a compatible server may not be reachable from here.
  const clientIn = clientsOf('SQS', endpoint, async (settings) => {
    const { SQSClient } = await import('@aws-sdk/client-sqs')
    return new SQSClient({ ...settings, useQueueUrlAsEndpoint: false })
  })
  const urls = new Map<string, string>()

  const urlOf = async (client: SQSClient, arn: string, abortSignal: AbortSignal): Promise<string> => {
    const known = urls.get(arn)
    if (known !== undefined) return known
    const { accountId: owner, resource } = partsOfArn(arn)
    const { GetQueueUrlCommand } = await import('@aws-sdk/client-sqs')
    const foreign = owner === accountId ? {} : { QueueOwnerAWSAccountId: owner }
    const { QueueUrl = '' } = await client.send(new GetQueueUrlCommand({ QueueName: resource, ...foreign }), {
      abortSignal,
    })
    urls.set(arn, QueueUrl)
    return QueueUrl
  }

  return async ({ targetArn, body, attributes, traceHeader }, abortSignal) => {
    const client = await clientIn(partsOfArn(targetArn).region)
    const { SendMessageCommand } = await import('@aws-sdk/client-sqs')
    const values: Record<string, MessageAttributeValue> | undefined = attributes && messageAttributes(attributes)
    const message = new SendMessageCommand({
      QueueUrl: await urlOf(client, targetArn, abortSignal),
      MessageBody: body,
      MessageAttributes: values,
      MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } },
    })
    await client.send(message, { abortSignal })
  }
}
