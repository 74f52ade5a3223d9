import { partsOfArn } from '../../aws/arn-parts.ts'
import { MissingEndpoint, type ServiceEndpoint } from '../../aws/endpoint.ts'
import { createEventBridge } from './event-bridge.ts'
import { createLambda, type LambdaDestinationParts } from './lambda.ts'
import { Undeliverable, type Deliver } from '../outcomes/destination-message.ts'
import { createS3 } from './s3.ts'
import { createSns } from './sns.ts'
import { createSqs } from './sqs.ts'

/** Where the services of destinations are reached; nothing goes to a service without an endpoint. */
export interface DestinationEndpoints {
  readonly sqs?: ServiceEndpoint
  readonly sns?: ServiceEndpoint
  readonly events?: ServiceEndpoint
  readonly s3?: ServiceEndpoint
}

/** Takes each parcel to its target by the service that the ARN names. */
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
    if (deliver === undefined) throw new Undeliverable(`${message.targetArn} is of no service that takes records.`)
    try {
      await deliver(message, signal)
    } catch (error) {
      throw error instanceof MissingEndpoint ? new Undeliverable(error.message, { cause: error }) : error
    }
  }
}
