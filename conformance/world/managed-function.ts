import {
  CreateCapacityProviderCommand,
  CreateFunctionCommand,
  DeleteCapacityProviderCommand,
  PublishVersionCommand,
  type CreateFunctionCommandInput,
  type FunctionConfiguration,
  type PublishVersionCommandOutput,
} from '@aws-sdk/client-lambda'
import type { FixtureName } from '../../fixtures/fixtures.ts'
import { Skipped } from './case.ts'
import type { World } from './world.ts'

/** The version that an unqualified name runs. */
export const latestPublished = '$LATEST.PUBLISHED'

/** Creates a capacity provider that is deleted after the functions, and answers its ARN. */
export async function newProvider(world: World): Promise<string> {
  if (world.target.isAws) throw new Skipped('subnets and an operator role would have to be there')
  const CapacityProviderName = world.newName()
  world.afterwards(() => world.client.send(new DeleteCapacityProviderCommand({ CapacityProviderName })))
  const { CapacityProvider } = await world.client.send(
    new CreateCapacityProviderCommand({
      CapacityProviderName,
      VpcConfig: { SubnetIds: ['subnet-0a1b2c3d'], SecurityGroupIds: ['sg-0a1b2c3d'] },
      PermissionsConfig: { CapacityProviderOperatorRoleArn: world.target.role },
    }),
  )
  return CapacityProvider?.CapacityProviderArn ?? ''
}

/** Members of CreateFunction for a function on the provider. */
export function onProvider(CapacityProviderArn: string): Partial<CreateFunctionCommandInput> {
  return {
    MemorySize: 2048,
    CapacityProviderConfig: { LambdaManagedInstancesCapacityProviderConfig: { CapacityProviderArn } },
  }
}

/** Creates a function on the provider, waits until it can be published and answers its name. */
export async function createManaged(
  world: World,
  provider: string,
  { fixture = 'hello-node', ...changes }: { fixture?: FixtureName } & Partial<CreateFunctionCommandInput> = {},
): Promise<string> {
  const input = await world.input(fixture, { ...onProvider(provider), ...changes })
  await world.client.send(new CreateFunctionCommand(input))
  const name = input.FunctionName ?? ''
  await untilState(world, name, undefined, 'ActiveNonInvocable')
  return name
}

/** Publishes `$LATEST.PUBLISHED` and waits until it is what runs. */
export async function publishLatest(world: World, FunctionName: string): Promise<PublishVersionCommandOutput> {
  const published = await world.client.send(new PublishVersionCommand({ FunctionName, PublishTo: 'LATEST_PUBLISHED' }))
  await untilState(world, FunctionName, latestPublished, 'Active')
  await world.waitUpdated(`${FunctionName}:${latestPublished}`)
  return published
}

/** Waits until a version of the function is in the state. */
export async function untilState(
  world: World,
  name: string,
  qualifier: string | undefined,
  state: FunctionConfiguration['State'],
): Promise<FunctionConfiguration> {
  const deadline = Date.now() + 50_000
  for (;;) {
    const shown = await world.configuration(name, qualifier)
    if (shown.State === state && shown.LastUpdateStatus !== 'InProgress') return shown
    if (shown.State === 'Failed' || Date.now() > deadline) {
      throw new Error(`${qualifier ?? name} is ${String(shown.State)}: ${String(shown.StateReason)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
