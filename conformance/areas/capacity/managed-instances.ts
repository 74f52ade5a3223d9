import assert from 'node:assert/strict'
import {
  CreateFunctionCommand,
  DeleteCapacityProviderCommand,
  DeleteFunctionCommand,
  ListFunctionVersionsByCapacityProviderCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutProvisionedConcurrencyConfigCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { answers, notFound, refuses } from '../../case/expect.ts'
import {
  createManaged,
  latestPublished,
  newProvider,
  onProvider,
  publishLatest,
  untilState,
} from '../../case/managed-function.ts'
import type { CaseContext } from '../../case/case-context.ts'

const badRequest = { status: 400, name: 'InvalidParameterValueException' }
const inTheWay = { status: 409, name: 'ResourceConflictException' }

/** Functions on capacity providers, and `$LATEST.PUBLISHED`. */
export const managedInstances: Area = {
  name: 'managed-instances',
  cases: [
    {
      name: 'a function on a capacity provider shows it, and $LATEST is ActiveNonInvocable',
      run: async (lambda) => {
        const provider = await newProvider(lambda)
        const name = await createManaged(lambda, provider)
        const shown = await lambda.configuration(name)
        const use = shown.CapacityProviderConfig?.LambdaManagedInstancesCapacityProviderConfig
        assert.deepEqual([use?.CapacityProviderArn, shown.State], [provider, 'ActiveNonInvocable'])
        await refuses(lambda.invoke(name, {}, { Qualifier: '$LATEST' }), inTheWay)
      },
    },
    {
      name: 'an unqualified invocation without a $LATEST.PUBLISHED is NoPublishedVersionException',
      run: async (lambda) => {
        const name = await createManaged(lambda, await newProvider(lambda))
        await refuses(lambda.invoke(name), { status: 400, name: 'NoPublishedVersionException' })
        const unknown = notFound(`Function not found: ${lambda.arn(name, latestPublished)}`)
        await refuses(lambda.invoke(name, {}, { Qualifier: latestPublished }), unknown)
      },
    },
    {
      name: 'PublishTo LATEST_PUBLISHED publishes the version that an unqualified name runs',
      run: async (lambda) => {
        const name = await createManaged(lambda, await newProvider(lambda), { fixture: 'echo-node' })
        const published = await publishLatest(lambda, name)
        assert.deepEqual(
          [published.$metadata.httpStatusCode, published.FunctionArn, published.Version, published.State],
          [201, lambda.arn(name, latestPublished), latestPublished, 'Pending'],
        )
        const answer = await lambda.invoke(name, { a: 1 })
        answers(answer, { a: 1 })
        assert.equal(answer.executedVersion, latestPublished)
        answers(await lambda.invoke(name, { a: 2 }, { Qualifier: latestPublished }), { a: 2 })
        const { Versions } = await lambda.client.send(new ListVersionsByFunctionCommand({ FunctionName: name }))
        const listed = Versions?.map(({ FunctionArn }) => FunctionArn).toSorted()
        assert.deepEqual(listed, [lambda.arn(name, '$LATEST'), lambda.arn(name, latestPublished)])
      },
    },
    {
      name: 'a further publication replaces $LATEST.PUBLISHED, and the old one is never run again',
      run: async (lambda) => {
        const name = await createManaged(lambda, await newProvider(lambda))
        await publishLatest(lambda, name)
        await lambda.invoke(name)
        const ZipFile = await lambda.zip('echo-node')
        await lambda.client.send(
          new UpdateFunctionCodeCommand({
            ...{ FunctionName: name, ZipFile, Publish: true, PublishTo: 'LATEST_PUBLISHED' },
          }),
        )
        await lambda.waitUpdated(`${name}:${latestPublished}`)
        for (let call = 0; call < 5; call++) answers(await lambda.invoke(name, { call }), { call })
      },
    },
    {
      name: 'a numbered version runs beside it',
      run: async (lambda) => {
        const name = await createManaged(lambda, await newProvider(lambda), { fixture: 'echo-node' })
        const version = await lambda.publish(name)
        assert.equal(version, '1')
        const answer = await lambda.invoke(name, { a: 1 }, { Qualifier: version })
        answers(answer, { a: 1 })
        assert.equal(answer.executedVersion, '1')
      },
    },
    {
      name: 'the environment variables show that the function runs on managed instances',
      run: async (lambda) => {
        const name = await createManaged(lambda, await newProvider(lambda), { fixture: 'misbehave-node' })
        await publishLatest(lambda, name)
        const names = ['AWS_LAMBDA_INITIALIZATION_TYPE', 'AWS_LAMBDA_FUNCTION_VERSION']
        answers(await lambda.invoke(name, { do: 'environment', names }), {
          AWS_LAMBDA_INITIALIZATION_TYPE: 'lambda-managed-instances',
          AWS_LAMBDA_FUNCTION_VERSION: latestPublished,
        })
      },
    },
    {
      name: 'what cannot be on a capacity provider is refused',
      run: async (lambda) => {
        const provider = await newProvider(lambda)
        const refusesCreate = async (changes: Partial<CreateFunctionCommandInput>, refusal = badRequest) => {
          const input = await lambda.input('hello-node', { ...onProvider(provider), ...changes })
          await refuses(lambda.client.send(new CreateFunctionCommand(input)), refusal)
        }
        await refusesCreate({ MemorySize: 1024 })
        await refusesCreate({ Runtime: 'nodejs20.x' })
        await refusesCreate({ Architectures: ['arm64'] })
        await refusesCreate({ SnapStart: { ApplyOn: 'PublishedVersions' } })
        const unknown = `${provider}-2`
        await refusesCreate(onProvider(unknown), notFound(`Capacity provider not found: ${unknown}`))
      },
    },
    {
      name: 'PublishTo and a capacity provider are refused for a function created without one',
      run: async (lambda) => {
        const provider = await newProvider(lambda)
        const FunctionName = await lambda.create('hello-node')
        const { CapacityProviderConfig } = onProvider(provider)
        const put = new UpdateFunctionConfigurationCommand({ FunctionName, CapacityProviderConfig, MemorySize: 2048 })
        await refuses(lambda.client.send(put), badRequest)
        const publish = new PublishVersionCommand({ FunctionName, PublishTo: 'LATEST_PUBLISHED' })
        await refuses(lambda.client.send(publish), badRequest)
      },
    },
    {
      name: 'provisioned concurrency is refused',
      run: async (lambda) => {
        const FunctionName = await createManaged(lambda, await newProvider(lambda))
        const Qualifier = await lambda.publish(FunctionName)
        const put = { FunctionName, Qualifier, ProvisionedConcurrentExecutions: 1 }
        await refuses(lambda.client.send(new PutProvisionedConcurrencyConfigCommand(put)), badRequest)
      },
    },
    {
      name: 'function versions of a capacity provider are listed page by page, and keep it from being deleted',
      run: async (lambda) => {
        const provider = await newProvider(lambda)
        const name = await createManaged(lambda, provider)
        await publishLatest(lambda, name)
        const expected = [`${lambda.arn(name, latestPublished)} Active`]
        const listed = await versionsOn(lambda, provider)
        assert.deepEqual(
          listed.filter((each) => !each.includes('$LATEST ')),
          expected,
        )
        const remove = () => lambda.client.send(new DeleteCapacityProviderCommand({ CapacityProviderName: provider }))
        await refuses(remove(), inTheWay)
        const deleted = await lambda.client.send(new DeleteFunctionCommand({ FunctionName: name }))
        assert.equal(deleted.$metadata.httpStatusCode, 202)
        assert.deepEqual(await versionsOn(lambda, provider), [])
        assert.equal((await remove()).$metadata.httpStatusCode, 202)
      },
    },
    {
      name: 'a version with SnapStart is Pending, and its optimization is On once it is active',
      run: async (lambda) => {
        const FunctionName = await lambda.create('hello-python', {
          Runtime: 'python3.13',
          SnapStart: { ApplyOn: 'PublishedVersions' },
        })
        const { State, Version } = await lambda.client.send(new PublishVersionCommand({ FunctionName }))
        assert.deepEqual([State, Version], ['Pending', '1'])
        const { SnapStart } = await untilState(lambda, FunctionName, '1', 'Active')
        assert.deepEqual(SnapStart, { ApplyOn: 'PublishedVersions', OptimizationStatus: 'On' })
        assert.equal((await lambda.configuration(FunctionName)).SnapStart?.OptimizationStatus, 'Off')
      },
      needs: 'python',
      timeoutMs: 200_000,
    },
  ],
}

async function versionsOn(lambda: CaseContext, provider: string): Promise<string[]> {
  const listed: string[] = []
  let Marker: string | undefined
  do {
    const page = await lambda.client.send(
      new ListFunctionVersionsByCapacityProviderCommand({
        ...{ CapacityProviderName: provider, MaxItems: 1 },
        ...(Marker && { Marker }),
      }),
    )
    assert.ok((page.FunctionVersions?.length ?? 0) <= 1)
    for (const { FunctionArn, State } of page.FunctionVersions ?? [])
      listed.push(`${String(FunctionArn)} ${String(State)}`)
    Marker = page.NextMarker
  } while (Marker)
  return listed
}
