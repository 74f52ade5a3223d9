import assert from 'node:assert/strict'
import {
  CreateCapacityProviderCommand,
  GetCapacityProviderCommand,
  ListCapacityProvidersCommand,
  ListFunctionVersionsByCapacityProviderCommand,
  UpdateCapacityProviderCommand,
  type CapacityProviderScalingMode,
  type CapacityProviderState,
  type CreateCapacityProviderCommandInput,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { invalid, refuses, type Refusal } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const rolePattern = 'arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+'

/** Constraints of the members of capacity providers; none of these requests creates one. */
export const capacityProviderMembers: Area = {
  name: 'capacity-provider-members',
  cases: [
    {
      name: 'a required member that is missing',
      run: async (lambda) => {
        const { VpcConfig, PermissionsConfig, CapacityProviderName } = inputOf(lambda)
        const [SubnetIds, SecurityGroupIds] = [['subnet-0a1b2c3d'], ['sg-0a1b2c3d']]
        await isNull(lambda, { CapacityProviderName, PermissionsConfig }, 'vpcConfig')
        await isNull(lambda, { CapacityProviderName, VpcConfig }, 'permissionsConfig')
        await isNull(lambda, { VpcConfig, PermissionsConfig }, 'capacityProviderName')
        await isNull(lambda, { ...inputOf(lambda), VpcConfig: { SecurityGroupIds } }, 'vpcConfig.subnetIds')
        await isNull(lambda, { ...inputOf(lambda), VpcConfig: { SubnetIds } }, 'vpcConfig.securityGroupIds')
        const role = 'permissionsConfig.capacityProviderOperatorRoleArn'
        await isNull(lambda, { ...inputOf(lambda), PermissionsConfig: {} }, role)
      },
    },
    {
      name: 'a name that does not match the pattern, or is too long',
      run: async (lambda) => {
        const [odd, long] = ['no spaces', 'x'.repeat(141)]
        const pattern = begins(
          `Value '${odd}' at 'capacityProviderName' failed to satisfy constraint: ` +
            'Member must satisfy regular expression pattern: ',
        )
        const length = invalid(violation(long, 'capacityProviderName', 'length less than or equal to 140'))
        for (const [CapacityProviderName, refusal] of [
          [odd, pattern],
          [long, length],
        ] as const) {
          await refusesCreate(lambda, { CapacityProviderName }, refusal)
          await refuses(lambda.client.send(new GetCapacityProviderCommand({ CapacityProviderName })), refusal)
        }
      },
    },
    {
      name: 'a role that is not an ARN of a role',
      run: (lambda) =>
        refusesCreate(
          lambda,
          { PermissionsConfig: { CapacityProviderOperatorRoleArn: 'r1' } },
          invalid(
            "Value 'r1' at 'permissionsConfig.capacityProviderOperatorRoleArn' failed to satisfy constraint: " +
              `Member must satisfy regular expression pattern: ${rolePattern}`,
          ),
        ),
    },
    {
      name: 'no subnets, too many subnets, and too many security groups',
      run: async (lambda) => {
        const refusesVpc = (SubnetIds: string[], SecurityGroupIds: string[], refusal: Refusal) =>
          refusesCreate(lambda, { VpcConfig: { SubnetIds, SecurityGroupIds } }, refusal)
        const [subnets, groups] = [ids('subnet', 17), ids('sg', 6)]
        const shown = (list: string[]) => `[${list.join(', ')}]`
        const path = 'vpcConfig.subnetIds'
        await refusesVpc([], [], invalid(violation('[]', path, 'length greater than or equal to 1')))
        await refusesVpc(subnets, [], invalid(violation(shown(subnets), path, 'length less than or equal to 16')))
        const groupsPath = 'vpcConfig.securityGroupIds'
        const tooMany = invalid(violation(shown(groups), groupsPath, 'length less than or equal to 5'))
        await refusesVpc(ids('subnet', 1), groups, tooMany)
      },
    },
    {
      name: 'two architectures',
      run: (lambda) =>
        refusesCreate(
          lambda,
          { InstanceRequirements: { Architectures: ['x86_64', 'arm64'] } },
          invalid(violation('[x86_64, arm64]', 'instanceRequirements.architectures', 'length less than or equal to 1')),
        ),
    },
    {
      name: 'too few and too many vCPUs, at creation and in an update',
      run: async (lambda) => {
        const path = 'capacityProviderScalingConfig.maxVCpuCount'
        for (const [MaxVCpuCount, bound] of [
          [1, 'value greater than or equal to 2'],
          [15001, 'value less than or equal to 15000'],
        ] as const) {
          const refusal = invalid(violation(String(MaxVCpuCount), path, bound))
          await refusesScaling(lambda, { MaxVCpuCount }, refusal)
        }
      },
    },
    {
      name: 'an unknown scaling mode, an unknown metric, and a target beyond 100',
      run: async (lambda) => {
        const ScalingMode = 'Sometimes' as CapacityProviderScalingMode
        const refusal = begins(
          "Value 'Sometimes' at 'capacityProviderScalingConfig.scalingMode' failed to satisfy constraint: " +
            'Member must satisfy enum value set: [',
        )
        await refusesScaling(lambda, { ScalingMode }, refusal)
        const known = { PredefinedMetricType: 'LambdaCapacityProviderAverageCPUUtilization', TargetValue: 50 } as const
        const policies = [
          { ...known, TargetValue: 100.5 },
          { ...known, PredefinedMetricType: 'Moods' as typeof known.PredefinedMetricType },
        ]
        for (const each of policies) {
          await refusesScaling(lambda, { ScalingPolicies: [each] }, { status: 400, name: 'ValidationException' })
        }
      },
    },
    {
      name: 'lists refuse page sizes of 0 and above 50, and an unknown state',
      run: async (lambda) => {
        const CapacityProviderName = lambda.newName()
        for (const [MaxItems, bound] of [
          [0, 'value greater than or equal to 1'],
          [51, 'value less than or equal to 50'],
        ] as const) {
          const refusal = invalid(violation(String(MaxItems), 'maxItems', bound))
          await refuses(lambda.client.send(new ListCapacityProvidersCommand({ MaxItems })), refusal)
          await refuses(
            lambda.client.send(new ListFunctionVersionsByCapacityProviderCommand({ CapacityProviderName, MaxItems })),
            refusal,
          )
        }
        const State = 'Asleep' as CapacityProviderState
        await refuses(
          lambda.client.send(new ListCapacityProvidersCommand({ State })),
          begins("Value 'Asleep' at 'state' failed to satisfy constraint: Member must satisfy enum value set: ["),
        )
      },
    },
  ],
}

type Input = CreateCapacityProviderCommandInput

function inputOf(lambda: CaseContext): Input {
  return {
    CapacityProviderName: lambda.newName(),
    VpcConfig: { SubnetIds: ids('subnet', 1), SecurityGroupIds: ids('sg', 1) },
    PermissionsConfig: { CapacityProviderOperatorRoleArn: lambda.target.role },
  }
}

function refusesCreate(lambda: CaseContext, changes: Partial<Input>, refusal: Refusal): Promise<void> {
  return refuses(lambda.client.send(new CreateCapacityProviderCommand({ ...inputOf(lambda), ...changes })), refusal)
}

/** Holds that this scaling config is refused at creation and in an update. */
async function refusesScaling(
  lambda: CaseContext,
  CapacityProviderScalingConfig: NonNullable<Input['CapacityProviderScalingConfig']>,
  refusal: Refusal,
): Promise<void> {
  await refusesCreate(lambda, { CapacityProviderScalingConfig }, refusal)
  const CapacityProviderName = lambda.newName()
  await refuses(
    lambda.client.send(new UpdateCapacityProviderCommand({ CapacityProviderName, CapacityProviderScalingConfig })),
    refusal,
  )
}

async function isNull(lambda: CaseContext, members: object, path: string): Promise<void> {
  const { status, json } = await lambda.raw({
    ...{ method: 'POST', path: '/2025-11-30/capacity-providers', body: JSON.stringify(members) },
  })
  const constraint = `Value null at '${path}' failed to satisfy constraint: Member must not be null`
  assert.deepEqual([status, json], [400, { message: `1 validation error detected: ${constraint}` }])
}

function violation(value: string, path: string, bound: string): string {
  return `Value '${value}' at '${path}' failed to satisfy constraint: Member must have ${bound}`
}

/** One violation whose message goes on in a way that is not known. */
function begins(text: string): Refusal {
  const start = `1 validation error detected: ${text}`.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return { status: 400, name: 'ValidationException', message: new RegExp(`^${start}`) }
}

function ids(kind: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${String(index)}`)
}
