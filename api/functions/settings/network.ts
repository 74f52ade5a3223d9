import { invalidParameterValue } from '../../errors.ts'
import type { FunctionSettings } from '../function/function.ts'

/** Looks up subnets and security groups. */
export interface NetworkSource {
  /** Resolves to what EC2 says against the call; undefined if all of them exist. */
  refusal(action: NetworkAction, ids: readonly string[]): Promise<NetworkRefusal | undefined>
}

export type NetworkAction = 'DescribeSubnets' | 'DescribeSecurityGroups'

/** EC2's error. */
export interface NetworkRefusal {
  readonly code: string
  readonly message: string
}

/** Refuses subnets and security groups that EC2 does not know, in AWS's words (reference 2.5); none where it cannot be asked. */
export async function checkNetworkExists(
  network: NetworkSource | undefined,
  vpc: FunctionSettings['vpc'],
): Promise<void> {
  if (network === undefined) return
  const asked = [
    ['DescribeSubnets', vpc?.subnetIds ?? []],
    ['DescribeSecurityGroups', vpc?.securityGroupIds ?? []],
  ] as const
  for (const [action, ids] of asked) {
    const refusal = ids.length === 0 ? undefined : await network.refusal(action, ids)
    if (refusal === undefined) continue
    throw invalidParameterValue(
      `Error occurred while ${action}. EC2 Error Code: ${refusal.code}. EC2 Error Message: ${refusal.message}`,
    )
  }
}
