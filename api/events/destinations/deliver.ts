import { partsOfArn } from '../../aws/arn-parts.ts'
import { MissingEndpoint, type ServiceEndpoint } from '../../aws/endpoint.ts'
import { createEventBridge } from './event-bridge.ts'
import { createLambda, type LambdaDestinationParts } from './lambda.ts'
import { Undeliverable, type Deliver } from '../outcomes/destination-message.ts'
import { createS3 } from './s3.ts'
import { createSns } from './sns.ts'
import { createSqs } from './sqs.ts'

/** Endpoints of the services of destinations. Nothing is sent to a service without an endpoint. */
export interface DestinationEndpoints {
  readonly sqs?: ServiceEndpoint
  readonly sns?: ServiceEndpoint
  readonly events?: ServiceEndpoint
  readonly s3?: ServiceEndpoint
}

/** Delivers each message through the service that the ARN names. */
export function createDeliver(endpoints: DestinationEndpoints, parts: LambdaDestinationParts): Deliver {
  const services: Readonly<Record<string, Deliver>> = {
    sqs: createSqs(endpoints.sqs, parts.accountId),
    sns: createSns(endpoints.sns),
    events: createEventBridge(endpoints.events),
    s3: createS3(endpoints.s3, parts.region),
    lambda: createLambda(parts),
  }
  return async (message, signal) => {
    const { service } = partsOfArn(message.targetArn)
    const deliver = Object.hasOwn(services, service) ? services[service] : undefined
    if (deliver === undefined)
      throw new Undeliverable(`${message.targetArn} names a service that cannot be a destination.`)
    try {
      await deliver(message, signal)
    } catch (error) {
      throw error instanceof MissingEndpoint ? new Undeliverable(error.message, { cause: error }) : error
    }
  }
}
