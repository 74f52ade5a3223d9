import assert from 'node:assert/strict'
import {
  CreateAliasCommand,
  DeleteFunctionEventInvokeConfigCommand,
  GetFunctionEventInvokeConfigCommand,
  ListFunctionEventInvokeConfigsCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionEventInvokeConfigCommand,
  type PutFunctionEventInvokeConfigCommandInput,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { badParameter, invalid, notFound, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

/** How events of asynchronous invocations are treated: put, update, get, list, delete. */
export const eventInvokeConfigs: Area = {
  name: 'event-invoke-configs',
  cases: [
    {
      name: 'PutFunctionEventInvokeConfig returns the qualified ARN, and members only when set',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const { $metadata, ...config } = await put(lambda, name, { MaximumRetryAttempts: 1 })
        assert.equal($metadata.httpStatusCode, 200)
        assert.ok(config.LastModified instanceof Date)
        assert.deepEqual(
          { ...config, LastModified: undefined },
          {
            FunctionArn: lambda.arn(name, '$LATEST'),
            MaximumRetryAttempts: 1,
            DestinationConfig: { OnSuccess: {}, OnFailure: {} },
            LastModified: undefined,
          },
        )
      },
    },
    {
      name: 'Put replaces all, Update merges',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await put(lambda, name, { MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 60 })
        const updated = await lambda.client.send(
          new UpdateFunctionEventInvokeConfigCommand({ FunctionName: name, MaximumRetryAttempts: 0 }),
        )
        assert.deepEqual([updated.MaximumRetryAttempts, updated.MaximumEventAgeInSeconds], [0, 60])
        const replaced = await put(lambda, name, { MaximumEventAgeInSeconds: 120 })
        assert.deepEqual([replaced.MaximumRetryAttempts, replaced.MaximumEventAgeInSeconds], [undefined, 120])
        const got = await get(lambda, name)
        assert.deepEqual([got.MaximumRetryAttempts, got.MaximumEventAgeInSeconds], [undefined, 120])
      },
    },
    {
      name: 'each qualifier has a config of its own, and the list pages over them',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const version = await lambda.publish(name)
        await lambda.client.send(new CreateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: version }))
        for (const Qualifier of ['$LATEST', version, 'live'])
          await put(lambda, name, { Qualifier, MaximumRetryAttempts: 1 })
        assert.equal((await get(lambda, name, 'live')).FunctionArn, lambda.arn(name, 'live'))
        const arns: (string | undefined)[] = []
        let Marker: string | undefined
        do {
          const page = await lambda.client.send(
            new ListFunctionEventInvokeConfigsCommand({ FunctionName: name, MaxItems: 2, ...(Marker && { Marker }) }),
          )
          arns.push(...(page.FunctionEventInvokeConfigs ?? []).map(({ FunctionArn }) => FunctionArn))
          Marker = page.NextMarker
        } while (Marker !== undefined)
        assert.deepEqual(arns.sort(), ['$LATEST', version, 'live'].map((each) => lambda.arn(name, each)).sort())
      },
    },
    {
      name: 'DeleteFunctionEventInvokeConfig returns 204, and then there is none',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await put(lambda, name, { MaximumRetryAttempts: 1 })
        const remove = () => lambda.client.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName: name }))
        assert.equal((await remove()).$metadata.httpStatusCode, 204)
        const none = notFound(`The function ${lambda.arn(name, '$LATEST')} doesn't have an EventInvokeConfig`)
        await refuses(remove(), none)
        await refuses(get(lambda, name), none)
        await refuses(
          lambda.client.send(
            new UpdateFunctionEventInvokeConfigCommand({ FunctionName: name, MaximumRetryAttempts: 1 }),
          ),
          none,
        )
      },
    },
    {
      name: 'an unknown function has no config, cannot be given one and has no list',
      run: async (lambda) => {
        const name = lambda.newName()
        const none = notFound(`The function ${lambda.arn(name, '$LATEST')} doesn't have an EventInvokeConfig`)
        await refuses(get(lambda, name), none)
        const missing = notFound("The function doesn't exist.")
        await refuses(put(lambda, name, { MaximumRetryAttempts: 1 }), missing)
        await refuses(lambda.client.send(new ListFunctionEventInvokeConfigsCommand({ FunctionName: name })), missing)
      },
    },
    {
      name: 'an empty config, and numbers out of range, are refused',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await refuses(
          put(lambda, name, {}),
          badParameter('You must specify at least one of error handling or destination setting.'),
        )
        await refuses(
          put(lambda, name, { MaximumRetryAttempts: 3 }),
          invalid(
            "Value '3' at 'maximumRetryAttempts' failed to satisfy constraint: Member must have value less than or equal to 2",
          ),
        )
      },
    },
    {
      name: 'destinations that are the function itself, missing, or of another service are refused',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const to = (Destination: string) => put(lambda, name, { DestinationConfig: { OnSuccess: { Destination } } })
        await refuses(to(lambda.arn(name)), badParameter("You can't specify the function as a destination for itself."))
        const missing = lambda.arn(lambda.newName())
        await refuses(to(missing), badParameter(`The destination ARN ${missing} is invalid.`))
        const stream = `arn:aws:kinesis:${lambda.target.region}:${lambda.target.accountId}:stream/none`
        const config = `DestinationConfig(onSuccess=OnSuccess(destination=${stream}), onFailure=null)`
        await refuses(to(stream), badParameter(`The provided destination config ${config} is invalid.`))
      },
    },
  ],
}

function put(
  lambda: CaseContext,
  name: string,
  members: Omit<PutFunctionEventInvokeConfigCommandInput, 'FunctionName'>,
) {
  return lambda.client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: name, ...members }))
}

function get(lambda: CaseContext, name: string, qualifier?: string) {
  return lambda.client.send(
    new GetFunctionEventInvokeConfigCommand({ FunctionName: name, ...(qualifier && { Qualifier: qualifier }) }),
  )
}
