/** Where one AWS service is reached: an address, or AWS itself. */
export type ServiceEndpoint = string

/** The endpoint that stands for AWS's own. */
export const awsItself = 'aws'

/** No endpoint is set for a service, so that it is not called; the message names the settings. */
export class MissingEndpoint extends Error {
  constructor(service: string) {
    super(
      `No endpoint is set for ${service}: set KUBELAMBDA_${service.toUpperCase()}_ENDPOINT or KUBELAMBDA_AWS_ENDPOINT.`,
    )
  }
}
