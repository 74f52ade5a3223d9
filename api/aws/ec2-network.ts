import { findCredentials } from './credentials.ts'
import type { Ec2 } from './ec2.ts'
import type { ServiceEndpoint } from './endpoint.ts'
import { AwsRefusal } from './services.ts'

/** The parameter of each action that takes ids. */
const idParameters = { DescribeSubnets: 'SubnetId', DescribeSecurityGroups: 'GroupId' } as const

export interface Ec2NetworkOptions {
  readonly endpoint: ServiceEndpoint
  readonly region: string
  readonly now: () => number
}

/** Looks up subnets and security groups in EC2. Its client is loaded at the first call. */
export function createEc2Network({ endpoint, region, now }: Ec2NetworkOptions) {
  let loading: Promise<Ec2> | undefined
  const load = () =>
    (loading ??= import('./ec2.ts').then(({ createEc2 }) =>
      createEc2({ endpoint, region, now, credentials: findCredentials(region) }),
    ))
  return {
    /** Resolves to what EC2 says against the call; undefined if all ids exist. */
    async refusal(action: keyof typeof idParameters, ids: readonly string[]): Promise<AwsRefusal | undefined> {
      const members = ids.map((id, index) => [`${idParameters[action]}.${String(index + 1)}`, id])
      try {
        await (
          await load()
        )(action, Object.fromEntries(members) as Record<string, string>)
        return undefined
      } catch (error) {
        if (error instanceof AwsRefusal) return error
        throw error
      }
    },
  }
}
