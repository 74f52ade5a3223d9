/** The parts of an ARN that locate the resource. */
export function partsOfArn(arn: string): { service: string; region: string; accountId: string; resource: string } {
  const [, , service = '', region = '', accountId = '', ...resource] = arn.split(':')
  return { service, region, accountId, resource: resource.join(':') }
}
