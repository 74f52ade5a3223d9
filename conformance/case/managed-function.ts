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
import type { CaseContext } from './case-context.ts'

/** The version that an unqualified name runs. */
export const latestPublished = '$LATEST.PUBLISHED'

/** Creates a capacity provider that is deleted after the functions, and answers its ARN. */
export async function newProvider(lambda: CaseContext): Promise<string> {
  if (lambda.target.isAws) throw new Skipped('subnets and an operator role would have to be there')
  const CapacityProviderName = lambda.newName()
  lambda.afterwards(() => lambda.client.send(new DeleteCapacityProviderCommand({ CapacityProviderName })))
  const { CapacityProvider } = await lambda.client.send(
    new CreateCapacityProviderCommand({
      CapacityProviderName,
      VpcConfig: { SubnetIds: ['subnet-0a1b2c3d'], SecurityGroupIds: ['sg-0a1b2c3d'] },
      PermissionsConfig: { CapacityProviderOperatorRoleArn: lambda.target.role },
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
  lambda: CaseContext,
  provider: string,
  { fixture = 'hello-node', ...changes }: { fixture?: FixtureName } & Partial<CreateFunctionCommandInput> = {},
): Promise<string> {
  const input = await lambda.input(fixture, { ...onProvider(provider), ...changes })
  await lambda.client.send(new CreateFunctionCommand(input))
  const name = input.FunctionName ?? ''
  await untilState(lambda, name, undefined, 'ActiveNonInvocable')
  return name
}

/** Publishes `$LATEST.PUBLISHED` and waits until it serves invocations. */
export async function publishLatest(lambda: CaseContext, FunctionName: string): Promise<PublishVersionCommandOutput> {
  const published = await lambda.client.send(new PublishVersionCommand({ FunctionName, PublishTo: 'LATEST_PUBLISHED' }))
  await untilState(lambda, FunctionName, latestPublished, 'Active')
  await lambda.waitUpdated(`${FunctionName}:${latestPublished}`)
  return published
}

/** Waits until a version of the function is in the state. */
export async function untilState(
  lambda: CaseContext,
  name: string,
  qualifier: string | undefined,
  state: FunctionConfiguration['State'],
): Promise<FunctionConfiguration> {
  const deadline = Date.now() + 50_000
  for (;;) {
    const shown = await lambda.configuration(name, qualifier)
    if (shown.State === state && shown.LastUpdateStatus !== 'InProgress') return shown
    if (shown.State === 'Failed' || Date.now() > deadline) {
      throw new Error(`${qualifier ?? name} is ${String(shown.State)}: ${String(shown.StateReason)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
