import { awsItself, MissingEndpoint, type ServiceEndpoint } from './endpoint.ts'

export interface ClientSettings {
  readonly region: string
  readonly endpoint?: string
}

/**
 * A service's SDK clients by region, each created on first use, since a client is slow to load and most servers need none.
 * Throws `MissingEndpoint` if no endpoint is configured. Credentials are found as AWS's SDK finds them.
 */
export function clientsOf<Client>(
  service: string,
  endpoint: ServiceEndpoint | undefined,
  make: (settings: ClientSettings) => Promise<Client>,
): (region: string) => Promise<Client> {
  const clients = new Map<string, Promise<Client>>()
  return (region) => {
    if (endpoint === undefined) throw new MissingEndpoint(service)
    const client = clients.get(region) ?? make({ region, ...(endpoint === awsItself ? {} : { endpoint }) })
    clients.set(region, client)
    return client
  }
}
