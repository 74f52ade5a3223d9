import { partsOfArn } from '../../aws/arn-parts.ts'
import type { ServiceEndpoint } from '../../aws/endpoint.ts'
import { clientsOf } from '../../aws/sdk-clients.ts'
import type { Deliver } from '../outcomes/destination-message.ts'

/** Puts records on EventBridge buses, in AWS's envelope (reference 6.2). */
export function createEventBridge(endpoint: ServiceEndpoint | undefined): Deliver {
  const clientIn = clientsOf('EVENTS', endpoint, async (settings) => {
    const { EventBridgeClient } = await import('@aws-sdk/client-eventbridge')
    return new EventBridgeClient(settings)
  })
  return async ({ targetArn, body, functionArn, isSuccess, traceHeader }, abortSignal) => {
    const client = await clientIn(partsOfArn(targetArn).region)
    const { PutEventsCommand } = await import('@aws-sdk/client-eventbridge')
    const entry = {
      Source: 'lambda',
      DetailType: `Lambda Function Invocation Result - ${isSuccess ? 'Success' : 'Failure'}`,
      Resources: [targetArn, functionArn],
      Detail: body,
      EventBusName: targetArn,
      TraceHeader: traceHeader,
    }
    const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: [entry] }), { abortSignal })
    const [refused] = Entries.filter(({ ErrorCode }) => ErrorCode !== undefined)
    if (refused !== undefined) {
      throw new Error(`EventBridge refused the record: ${String(refused.ErrorCode)} ${refused.ErrorMessage ?? ''}`)
    }
  }
}
