import assert from 'node:assert/strict'
import {
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetAccountSettingsCommand,
  GetProvisionedConcurrencyConfigCommand,
  ListProvisionedConcurrencyConfigsCommand,
  PutFunctionConcurrencyCommand,
  PutProvisionedConcurrencyConfigCommand,
  UpdateAliasCommand,
  type GetProvisionedConcurrencyConfigCommandOutput,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { badParameter, conflict, invalid, notFound, refuses, valueOf } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const minutes = (count: number): number => count * 60_000

/** Provisioned concurrency: configs, their arithmetic, and environments that are there before the first call. */
export const provisionedConcurrency: Area = {
  name: 'provisioned-concurrency',
  cases: [
    {
      name: 'a version is initialised before its first call, and none remain after deletion',
      timeoutMs: minutes(5),
      run: async (lambda) => {
        const name = await lambda.create('inspect-node')
        const version = await lambda.publish(name)
        const { $metadata, LastModified, ...asked } = await put(lambda, name, version, 1)
        assert.equal($metadata.httpStatusCode, 202)
        assert.match(LastModified ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*\+0000$/)
        assert.deepEqual(asked, counts(1, 0, 'IN_PROGRESS'))
        const { $metadata: _, LastModified: __, ...ready } = await settled(lambda, name, version)
        assert.deepEqual(ready, counts(1, 1, 'READY'))
        const answer = await lambda.invoke(name, {}, { Qualifier: version, LogType: 'Tail' })
        const { variables } = valueOf<{ variables: Record<string, string> }>(answer)
        assert.equal(variables['AWS_LAMBDA_INITIALIZATION_TYPE'], 'provisioned-concurrency')
        const deleted = () =>
          lambda.client.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName: name, Qualifier: version }))
        assert.equal((await deleted()).$metadata.httpStatusCode, 204)
        assert.equal((await deleted()).$metadata.httpStatusCode, 204)
        await refuses(get(lambda, name, version), noConfig)
      },
    },
    {
      name: 'a failed initialisation is reported, with no environments',
      timeoutMs: minutes(5),
      run: async (lambda) => {
        const name = await lambda.create('init-failures-node')
        const version = await lambda.publish(name)
        await put(lambda, name, version, 1)
        const { $metadata: _, LastModified: __, ...failed } = await settled(lambda, name, version)
        assert.deepEqual(failed, { ...counts(1, 0, 'FAILED'), StatusReason: 'FUNCTION_ERROR_INIT_FAILURE' })
      },
    },
    {
      name: 'the config of an alias follows it to another version, and is deleted with it',
      timeoutMs: minutes(8),
      run: async (lambda) => {
        const name = await lambda.create('inspect-node')
        const first = await lambda.publish(name)
        await lambda.configure(name, { Timeout: 7 })
        const second = await lambda.publish(name)
        const key = { FunctionName: name, Name: 'live' }
        await lambda.client.send(new CreateAliasCommand({ ...key, FunctionVersion: first }))
        await put(lambda, name, 'live', 1)
        await settled(lambda, name, 'live')
        await lambda.client.send(new UpdateAliasCommand({ ...key, FunctionVersion: second }))
        assert.equal((await settled(lambda, name, 'live')).Status, 'READY')
        const answer = await lambda.invoke(name, {}, { Qualifier: 'live' })
        assert.equal(answer.executedVersion, second)
        const { variables } = valueOf<{ variables: Record<string, string> }>(answer)
        assert.equal(variables['AWS_LAMBDA_INITIALIZATION_TYPE'], 'provisioned-concurrency')
        await lambda.client.send(new DeleteAliasCommand(key))
        await refuses(get(lambda, name, 'live'), notFound(`Cannot find alias arn: ${lambda.arn(name, 'live')}`))
      },
    },
    {
      name: 'ListProvisionedConcurrencyConfigs shows qualified ARNs and pages',
      timeoutMs: minutes(5),
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const first = await lambda.publish(name)
        await lambda.configure(name, { Timeout: 7 })
        const second = await lambda.publish(name)
        for (const version of [first, second]) await put(lambda, name, version, 1)
        const list = (page: object) =>
          lambda.client.send(new ListProvisionedConcurrencyConfigsCommand({ FunctionName: name, ...page }))
        const page = await list({ MaxItems: 1 })
        const rest = await list({ Marker: page.NextMarker })
        const arns = [page, rest]
          .flatMap((each) => each.ProvisionedConcurrencyConfigs ?? [])
          .map((each) => each.FunctionArn)
        assert.deepEqual(arns.sort(), [lambda.arn(name, first), lambda.arn(name, second)])
        assert.equal(rest.NextMarker, undefined)
        const missing = lambda.newName()
        const call = lambda.client.send(new ListProvisionedConcurrencyConfigsCommand({ FunctionName: missing }))
        await refuses(call, notFound(`Function not found: ${lambda.arn(missing)}`))
      },
    },
    {
      name: 'what is not published, not there, or nothing is refused',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await refuses(
          put(lambda, name, '$LATEST', 1),
          badParameter('Provisioned Concurrency Configs cannot be applied to unpublished function versions.'),
        )
        const notPublished = badParameter('The function resource provided must be an alias or a published version.')
        await refuses(get(lambda, name, '$LATEST'), notPublished)
        for (const FunctionName of [name, lambda.newName()]) {
          const alias = notFound(`Cannot find alias arn: ${lambda.arn(FunctionName, 'none')}`)
          await refuses(put(lambda, FunctionName, 'none', 1), alias)
          await refuses(get(lambda, FunctionName, 'none'), alias)
          const version = notFound(`Function not found: ${lambda.arn(FunctionName, '7')}`)
          await refuses(put(lambda, FunctionName, '7', 1), version)
          await refuses(get(lambda, FunctionName, '7'), version)
        }
        await refuses(get(lambda, name, await lambda.publish(name)), noConfig)
        await refuses(
          put(lambda, name, '1', 0),
          invalid(
            "Value '0' at 'provisionedConcurrentExecutions' failed to satisfy constraint: " +
              'Member must have value greater than or equal to 1',
          ),
        )
      },
    },
    {
      name: 'a version is provisioned once, directly or through an alias',
      timeoutMs: minutes(5),
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const version = await lambda.publish(name)
        await lambda.client.send(new CreateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: version }))
        await put(lambda, name, version, 1)
        await refuses(
          put(lambda, name, 'live', 1),
          conflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"),
        )
        const key = { FunctionName: name, Qualifier: version }
        await lambda.client.send(new DeleteProvisionedConcurrencyConfigCommand(key))
        await put(lambda, name, 'live', 1)
        await refuses(put(lambda, name, version, 1), conflict('Version is pointed by a Provisioned Concurrency alias'))
      },
    },
    {
      name: 'reserved and provisioned concurrency bound each other, and the account both',
      timeoutMs: minutes(5),
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const version = await lambda.publish(name)
        const reserve = (ReservedConcurrentExecutions: number) =>
          lambda.client.send(new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions }))
        await reserve(2)
        await refuses(
          put(lambda, name, version, 3),
          badParameter(
            'Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function',
          ),
        )
        await put(lambda, name, version, 2)
        await refuses(
          reserve(1),
          badParameter(
            " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].",
          ),
        )
        await lambda.client.send(new DeleteFunctionConcurrencyCommand({ FunctionName: name }))
        const { AccountLimit } = await lambda.client.send(new GetAccountSettingsCommand({}))
        const total = AccountLimit?.ConcurrentExecutions ?? 0
        await refuses(
          put(lambda, name, version, total + 1),
          badParameter(
            /^Specified ConcurrentExecutions for function is greater than account's unreserved concurrency \[\d+\]\.$/,
          ),
        )
        await refuses(
          put(lambda, name, version, total - 50),
          badParameter(
            /^Specified ConcurrentExecutions for function (decreases account's UnreservedConcurrentExecution below its minimum value of|is greater than account's unreserved concurrency) \[\d+\]\.$/,
          ),
        )
        await refuses(
          reserve(total),
          badParameter(
            /^Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of \[\d+\]\.$/,
          ),
        )
      },
    },
    {
      name: 'a function whose whole reservation is provisioned runs that version alone',
      timeoutMs: minutes(5),
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const version = await lambda.publish(name)
        await lambda.client.send(
          new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: 1 }),
        )
        await put(lambda, name, version, 1)
        await settled(lambda, name, version)
        assert.equal((await lambda.invoke(name, {}, { Qualifier: version })).status, 200)
        await refuses(lambda.invoke(name), { status: 429, name: 'TooManyRequestsException', message: 'Rate Exceeded.' })
      },
    },
  ],
}

const noConfig = {
  status: 404,
  name: 'ProvisionedConcurrencyConfigNotFoundException',
  message: 'No Provisioned Concurrency Config found for this function',
}

function counts(requested: number, allocated: number, status: string) {
  return {
    RequestedProvisionedConcurrentExecutions: requested,
    AvailableProvisionedConcurrentExecutions: allocated,
    AllocatedProvisionedConcurrentExecutions: allocated,
    Status: status,
  }
}

function put(lambda: CaseContext, FunctionName: string, Qualifier: string, ProvisionedConcurrentExecutions: number) {
  return lambda.client.send(
    new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier, ProvisionedConcurrentExecutions }),
  )
}

function get(lambda: CaseContext, FunctionName: string, Qualifier: string) {
  return lambda.client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier }))
}

/** The config once it is in progress no more. */
async function settled(
  lambda: CaseContext,
  name: string,
  qualifier: string,
): Promise<GetProvisionedConcurrencyConfigCommandOutput> {
  const deadline = Date.now() + minutes(4)
  for (;;) {
    const config = await get(lambda, name, qualifier)
    if (config.Status !== 'IN_PROGRESS' || Date.now() > deadline) return config
    await new Promise((resolve) => setTimeout(resolve, lambda.target.isAws ? 2_000 : 50))
  }
}
