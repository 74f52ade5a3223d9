import { partsOfArn } from '../../aws/arn-parts.ts'
import type { ServiceEndpoint } from '../../aws/endpoint.ts'
import { clientsOf } from '../../aws/sdk-clients.ts'
import { messageAttributes } from './message-attributes.ts'
import type { Deliver } from '../outcomes/destination-message.ts'

/** Publishes to SNS topics. A dead letter carries message attributes. */
export function createSns(endpoint: ServiceEndpoint | undefined): Deliver {
  const clientIn = clientsOf('SNS', endpoint, async (settings) => {
    const { SNSClient } = await import('@aws-sdk/client-sns')
    return new SNSClient(settings)
  })
  return async ({ targetArn, body, attributes }, abortSignal) => {
    const client = await clientIn(partsOfArn(targetArn).region)
    const { PublishCommand } = await import('@aws-sdk/client-sns')
    const values = attributes && messageAttributes(attributes)
    await client.send(new PublishCommand({ TopicArn: targetArn, Message: body, MessageAttributes: values }), {
      abortSignal,
    })
  }
}
