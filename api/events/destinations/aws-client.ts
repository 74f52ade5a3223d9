import { Undeliverable } from './parcel.ts'

/** Where one AWS service is reached: an address, or AWS itself. */
export type ServiceEndpoint = string

/** The endpoint that stands for AWS's own. */
const awsItself = 'aws'

export interface ClientSettings {
  readonly region: string
  readonly endpoint?: string
}

/**
 * A service's clients by region, each made at first use, since a client is slow to load and most servers need none. Without
 * an endpoint nothing can be delivered to the service. Credentials are found as AWS's SDK finds them.
 */
export function clientsOf<Client>(
  service: string,
  endpoint: ServiceEndpoint | undefined,
  make: (settings: ClientSettings) => Promise<Client>,
): (region: string) => Promise<Client> {
  const clients = new Map<string, Promise<Client>>()
  return (region) => {
    if (endpoint === undefined) {
      throw new Undeliverable(
        `No endpoint is set for ${service}: set KUBELAMBDA_${service}_ENDPOINT or KUBELAMBDA_AWS_ENDPOINT.`,
      )
    }
    const client = clients.get(region) ?? make({ region, ...(endpoint === awsItself ? {} : { endpoint }) })
    clients.set(region, client)
    return client
  }
}

/** The parts of an ARN that say where it is. */
export function partsOfArn(arn: string): { service: string; region: string; accountId: string; resource: string } {
  const [, , service = '', region = '', accountId = '', ...resource] = arn.split(':')
  return { service, region, accountId, resource: resource.join(':') }
}
