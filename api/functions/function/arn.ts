/** The account and region that this server stands for; every ARN carries them. */
export interface Home {
  readonly accountId: string
  readonly region: string
}

/** The AWS partition a region belongs to, the second part of its ARNs. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}

/** `arn:aws:lambda:REGION:ACCOUNT:function:NAME`, and the qualifier behind it when there is one. */
export function functionArn(home: Home, name: string, qualifier?: string): string {
  const arn = `arn:${partitionOf(home.region)}:lambda:${home.region}:${home.accountId}:function:${name}`
  return qualifier === undefined ? arn : `${arn}:${qualifier}`
}
