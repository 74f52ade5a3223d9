import assert from 'node:assert/strict'
import {
  AddLayerVersionPermissionCommand,
  AddPermissionCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  CreateCodeSigningConfigCommand,
  DeleteCodeSigningConfigCommand,
  DeleteFunctionCodeSigningConfigCommand,
  DeleteFunctionEventInvokeConfigCommand,
  DeleteFunctionUrlConfigCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionCommand,
  GetFunctionEventInvokeConfigCommand,
  GetFunctionRecursionConfigCommand,
  GetFunctionUrlConfigCommand,
  GetLayerVersionByArnCommand,
  GetPolicyCommand,
  GetProvisionedConcurrencyConfigCommand,
  GetRuntimeManagementConfigCommand,
  InvokeCommand,
  ListAliasesCommand,
  ListLayersCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionCodeSigningConfigCommand,
  PutFunctionEventInvokeConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  PutRuntimeManagementConfigCommand,
  RemoveLayerVersionPermissionCommand,
  RemovePermissionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionEventInvokeConfigCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import type { Area, Case } from '../../case/case.ts'
import { badParameter, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

/** What can be asked of a function by its name. */
type Ask = (client: LambdaClient, FunctionName: string, Qualifier: string) => Promise<unknown>

const byQualifier: Readonly<Record<string, Ask>> = {
  Invoke: (client, FunctionName, Qualifier) => client.send(new InvokeCommand({ FunctionName, Qualifier })),
  GetFunction: (client, FunctionName, Qualifier) => client.send(new GetFunctionCommand({ FunctionName, Qualifier })),
  GetPolicy: (client, FunctionName, Qualifier) => client.send(new GetPolicyCommand({ FunctionName, Qualifier })),
  AddPermission: (client, FunctionName, Qualifier) =>
    client.send(new AddPermissionCommand({ FunctionName, Qualifier, ...statement })),
  RemovePermission: (client, FunctionName, Qualifier) =>
    client.send(new RemovePermissionCommand({ FunctionName, Qualifier, StatementId: 's' })),
  PutFunctionEventInvokeConfig: (client, FunctionName, Qualifier) =>
    client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, Qualifier, MaximumRetryAttempts: 1 })),
  UpdateFunctionEventInvokeConfig: (client, FunctionName, Qualifier) =>
    client.send(new UpdateFunctionEventInvokeConfigCommand({ FunctionName, Qualifier, MaximumRetryAttempts: 1 })),
  GetFunctionEventInvokeConfig: (client, FunctionName, Qualifier) =>
    client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName, Qualifier })),
  DeleteFunctionEventInvokeConfig: (client, FunctionName, Qualifier) =>
    client.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName, Qualifier })),
  PutProvisionedConcurrencyConfig: (client, FunctionName, Qualifier) =>
    client.send(
      new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier, ProvisionedConcurrentExecutions: 1 }),
    ),
  GetProvisionedConcurrencyConfig: (client, FunctionName, Qualifier) =>
    client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier })),
  DeleteProvisionedConcurrencyConfig: (client, FunctionName, Qualifier) =>
    client.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier })),
  GetRuntimeManagementConfig: (client, FunctionName, Qualifier) =>
    client.send(new GetRuntimeManagementConfigCommand({ FunctionName, Qualifier })),
  PutRuntimeManagementConfig: (client, FunctionName, Qualifier) =>
    client.send(new PutRuntimeManagementConfigCommand({ FunctionName, Qualifier, UpdateRuntimeOn: 'Auto' })),
}

/** Those that take an alias, and no version. */
const byAlias: Readonly<Record<string, Ask>> = {
  CreateFunctionUrlConfig: (client, FunctionName, Qualifier) =>
    client.send(new CreateFunctionUrlConfigCommand({ FunctionName, Qualifier, AuthType: 'NONE' })),
  GetFunctionUrlConfig: (client, FunctionName, Qualifier) =>
    client.send(new GetFunctionUrlConfigCommand({ FunctionName, Qualifier })),
  DeleteFunctionUrlConfig: (client, FunctionName, Qualifier) =>
    client.send(new DeleteFunctionUrlConfigCommand({ FunctionName, Qualifier })),
}

const byName: Readonly<Record<string, Ask>> = {
  PublishVersion: (client, FunctionName) => client.send(new PublishVersionCommand({ FunctionName })),
  UpdateFunctionCode: (client, FunctionName) =>
    client.send(new UpdateFunctionCodeCommand({ FunctionName, ImageUri: 'a.b/c:d' })),
  ListAliases: (client, FunctionName) => client.send(new ListAliasesCommand({ FunctionName })),
  GetFunctionCodeSigningConfig: (client, FunctionName) =>
    client.send(new GetFunctionCodeSigningConfigCommand({ FunctionName })),
  DeleteFunctionCodeSigningConfig: (client, FunctionName) =>
    client.send(new DeleteFunctionCodeSigningConfigCommand({ FunctionName })),
  GetFunctionRecursionConfig: (client, FunctionName) =>
    client.send(new GetFunctionRecursionConfigCommand({ FunctionName })),
  GetRuntimeManagementConfig: (client, FunctionName) =>
    client.send(new GetRuntimeManagementConfigCommand({ FunctionName })),
  PutRuntimeManagementConfig: (client, FunctionName) =>
    client.send(new PutRuntimeManagementConfigCommand({ FunctionName, UpdateRuntimeOn: 'Auto' })),
  GetProvisionedConcurrencyConfig: (client, FunctionName) =>
    client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: '1' })),
  DeleteProvisionedConcurrencyConfig: (client, FunctionName) =>
    client.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: '1' })),
}

const statement = { StatementId: 's', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' }
const unknown = { status: 404, name: 'ResourceNotFoundException' }

/** What operations refuse alike, asked of each of them. */
export const refusals: Area = {
  name: 'refusals',
  cases: [
    {
      name: 'conflicting qualifiers in name and parameter are refused by every operation that takes both',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.publish(name)
        const expected = badParameter(
          'The derived qualifier from the function name does not match the specified qualifier.',
        )
        await ofEach(byQualifier, (ask) => refuses(ask(lambda.client, `${name}:1`, '2'), expected))
        await ofEach(byAlias, (ask) => refuses(ask(lambda.client, `${name}:one`, 'other'), expected))
      },
    },
    {
      name: 'an unknown function is not found by any operation',
      run: async (lambda) => {
        await ofEach(byName, (ask) => refuses(ask(lambda.client, lambda.newName(), ''), unknown))
        await refuses(withSigning(lambda, lambda.newName()), unknown)
      },
    },
    ...layerCases(),
  ],
}

function layerCases(): Case[] {
  return [
    {
      name: 'the ARN of an unknown layer version is not found',
      run: (lambda) =>
        refuses(
          lambda.client.send(new GetLayerVersionByArnCommand({ Arn: lambda.layerArn(lambda.newName(), 1) })),
          unknown,
        ),
    },
    {
      name: 'ListLayers continues after its marker',
      run: async (lambda) => {
        const names = [lambda.newName(), lambda.newName()]
        for (const LayerName of names) await publish(lambda, LayerName)
        const seen: (string | undefined)[] = []
        let Marker: string | undefined
        do {
          const page = await lambda.client.send(new ListLayersCommand({ MaxItems: 1, ...(Marker && { Marker }) }))
          assert.equal(page.Layers?.length, 1)
          seen.push(page.Layers[0]?.LayerName)
          Marker = page.NextMarker
        } while (Marker !== undefined)
        assert.deepEqual(
          names.filter((name) => !seen.includes(name)),
          [],
        )
        assert.equal(new Set(seen).size, seen.length)
      },
    },
    {
      name: 'the policy of a layer version has room for 20 KB, and is removed from only at the revision that was asked for',
      run: async (lambda) => {
        const layer = { LayerName: lambda.newName(), VersionNumber: 1 }
        await publish(lambda, layer.LayerName)
        const add = (StatementId: string) =>
          lambda.client.send(
            new AddLayerVersionPermissionCommand({
              ...layer,
              StatementId,
              Principal: '*',
              Action: 'lambda:GetLayerVersion',
            }),
          )
        await add('first')
        const stale = { ...layer, StatementId: 'first', RevisionId: '00000000-0000-0000-0000-000000000000' }
        await refuses(lambda.client.send(new RemoveLayerVersionPermissionCommand(stale)), {
          status: 412,
          name: 'PreconditionFailedException',
        })
        await refuses(
          (async () => {
            for (let index = 0; index < 200; index++) await add(`${String(index)}${'x'.repeat(90)}`)
          })(),
          { status: 400, name: 'PolicyLengthExceededException' },
        )
      },
    },
    {
      name: 'code without a trusted signature is refused where signing is enforced',
      run: async (lambda) => {
        const CodeSigningConfigArn = await enforcedSigning(lambda)
        const untrusted = { status: 400, name: 'CodeVerificationFailedException' }
        const input = await lambda.input('hello-node', { CodeSigningConfigArn })
        await refuses(lambda.client.send(new CreateFunctionCommand(input)), untrusted)
        const FunctionName = await lambda.create('hello-node')
        await lambda.client.send(new PutFunctionCodeSigningConfigCommand({ FunctionName, CodeSigningConfigArn }))
        const update = { FunctionName, ZipFile: await lambda.zip('misbehave-node') }
        await refuses(lambda.client.send(new UpdateFunctionCodeCommand(update)), untrusted)
        await lambda.client.send(new DeleteFunctionCodeSigningConfigCommand({ FunctionName }))
      },
    },
  ]
}

async function ofEach(asks: Readonly<Record<string, Ask>>, hold: (ask: Ask) => Promise<void>): Promise<void> {
  const failures: string[] = []
  for (const [operation, ask] of Object.entries(asks)) {
    await hold(ask).catch((error: unknown) => failures.push(`${operation}: ${String(error)}`))
  }
  assert.deepEqual(failures, [])
}

async function publish(lambda: CaseContext, LayerName: string): Promise<void> {
  const Content = { ZipFile: await lambda.zip('layer-lower') }
  await lambda.client.send(new PublishLayerVersionCommand({ LayerName, Content }))
}

async function enforcedSigning(lambda: CaseContext): Promise<string> {
  const { region, accountId } = lambda.target
  const profile = `arn:aws:signer:${region}:${accountId}:/signing-profiles/test/abcdefghij`
  const { CodeSigningConfig } = await lambda.client.send(
    new CreateCodeSigningConfigCommand({
      AllowedPublishers: { SigningProfileVersionArns: [profile] },
      CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' },
    }),
  )
  const CodeSigningConfigArn = CodeSigningConfig?.CodeSigningConfigArn ?? ''
  lambda.afterwards(() => lambda.client.send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn })))
  return CodeSigningConfigArn
}

async function withSigning(lambda: CaseContext, FunctionName: string): Promise<unknown> {
  const CodeSigningConfigArn = await enforcedSigning(lambda)
  return lambda.client.send(new PutFunctionCodeSigningConfigCommand({ FunctionName, CodeSigningConfigArn }))
}
