/** The account and region of this server; every ARN contains them. */
export interface Home {
  readonly accountId: string
  readonly region: string
}

/** The AWS partition of a region, the second part of its ARNs. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  if (region.startsWith('eusc-')) return 'aws-eusc'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}

/** `arn:aws:lambda:REGION:ACCOUNT:function:NAME`, followed by the qualifier if there is one. */
export function functionArn(home: Home, name: string, qualifier?: string): string {
  const arn = `arn:${partitionOf(home.region)}:lambda:${home.region}:${home.accountId}:function:${name}`
  return qualifier === undefined ? arn : `${arn}:${qualifier}`
}
