/** The endpoint of one AWS service: an address, or `aws`. */
export type ServiceEndpoint = string

/** Stands for AWS's own endpoints. */
export const awsItself = 'aws'

/** No endpoint is configured for a service, so it is not called. The message names the settings. */
export class MissingEndpoint extends Error {
  constructor(service: string) {
    super(
      `No endpoint is set for ${service}: set KUBELAMBDA_${service.toUpperCase()}_ENDPOINT or KUBELAMBDA_AWS_ENDPOINT.`,
    )
  }
}
