import assert from 'node:assert/strict'
import {
  DeleteAliasCommand,
  DeleteFunctionUrlConfigCommand,
  ListFunctionUrlConfigsCommand,
  UpdateFunctionUrlConfigCommand,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { conflict, invalid, notFound, refuses } from '../../case/expect.ts'
import { callUrl } from '../../requests/function-url-call.ts'
import { callUrlUntil, createUrl, getUrl, idOf, openUrl, servedUrl, withAlias } from '../../case/function-url.ts'

/** Function URL configs. */
export const functionUrls: Area = {
  name: 'function-urls',
  cases: [
    {
      name: 'CreateFunctionUrlConfig returns 201 with the URL, its creation time and only the settings that were sent',
      run: async (lambda) => {
        const name = await lambda.create('answer-node')
        const { $metadata, ...created } = await createUrl(lambda, name)
        assert.equal($metadata.httpStatusCode, 201)
        assert.deepEqual(Object.keys(created).sort(), ['AuthType', 'CreationTime', 'FunctionArn', 'FunctionUrl'])
        assert.deepEqual([created.AuthType, created.FunctionArn], ['NONE', lambda.arn(name)])
        assert.match(idOf(created.FunctionUrl ?? ''), /^[a-z0-9]{32}$/)
        assert.match(created.FunctionUrl ?? '', /\/$/)
      },
    },
    {
      name: 'Get and List add the last change and the invoke mode, Update changes only the given settings',
      run: async (lambda) => {
        const name = await lambda.create('answer-node')
        const { FunctionUrl } = await createUrl(lambda, name, { Cors: { AllowOrigins: ['*'], MaxAge: 5 } })
        const got = await getUrl(lambda, name)
        assert.deepEqual(
          [got.InvokeMode, got.Cors, got.FunctionUrl],
          ['BUFFERED', { AllowOrigins: ['*'], MaxAge: 5 }, FunctionUrl],
        )
        assert.equal(got.LastModifiedTime, got.CreationTime)
        const updated = await lambda.client.send(
          new UpdateFunctionUrlConfigCommand({ FunctionName: name, AuthType: 'AWS_IAM' }),
        )
        assert.deepEqual(
          [updated.$metadata.httpStatusCode, updated.AuthType, updated.InvokeMode],
          [200, 'AWS_IAM', undefined],
        )
        assert.ok(updated.LastModifiedTime !== undefined)
        const { FunctionUrlConfigs } = await lambda.client.send(
          new ListFunctionUrlConfigsCommand({ FunctionName: name }),
        )
        assert.deepEqual(
          FunctionUrlConfigs?.map(({ AuthType, InvokeMode, Cors }) => [AuthType, InvokeMode, Cors]),
          [['AWS_IAM', 'BUFFERED', { AllowOrigins: ['*'], MaxAge: 5 }]],
        )
      },
    },
    {
      name: 'a function and its alias have a URL each, and the list pages over them',
      run: async (lambda) => {
        const name = await withAlias(lambda)
        const own = await createUrl(lambda, name)
        const other = await createUrl(lambda, name, { Qualifier: 'live' })
        assert.notEqual(own.FunctionUrl, other.FunctionUrl)
        assert.equal(other.FunctionArn, lambda.arn(name, 'live'))
        const first = await lambda.client.send(new ListFunctionUrlConfigsCommand({ FunctionName: name, MaxItems: 1 }))
        const rest = await lambda.client.send(
          new ListFunctionUrlConfigsCommand({ FunctionName: name, Marker: first.NextMarker }),
        )
        const urls = [first, rest].flatMap((page) => page.FunctionUrlConfigs ?? []).map((each) => each.FunctionUrl)
        assert.deepEqual(urls.sort(), [own.FunctionUrl, other.FunctionUrl].sort())
        assert.equal(rest.NextMarker, undefined)
      },
    },
    {
      name: 'a second URL of the same function is a conflict',
      run: async (lambda) => {
        const name = await lambda.create('answer-node')
        await createUrl(lambda, name)
        const text =
          `Failed to create function url config for [functionArn = ${lambda.arn(name)}]. ` +
          'Error message:  FunctionUrlConfig exists for this Lambda function'
        await refuses(createUrl(lambda, name), conflict(text))
      },
    },
    {
      name: 'versions and $LATEST as qualifier are no URL targets',
      run: async (lambda) => {
        const name = await lambda.create('answer-node')
        const violation = (value: string) =>
          invalid(
            `Value '${value}' at 'qualifier' failed to satisfy constraint: ` +
              String.raw`Member must satisfy regular expression pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)`,
          )
        for (const Qualifier of ['1', '$LATEST'])
          await refuses(createUrl(lambda, name, { Qualifier }), violation(Qualifier))
      },
    },
    {
      name: 'unknown functions, aliases and configs are not found, each operation in its words',
      run: async (lambda) => {
        const name = await lambda.create('answer-node')
        const missing = notFound('Function does not exist')
        await refuses(createUrl(lambda, lambda.newName()), missing)
        await refuses(createUrl(lambda, name, { Qualifier: 'none' }), missing)
        await refuses(
          lambda.client.send(new ListFunctionUrlConfigsCommand({ FunctionName: lambda.newName() })),
          missing,
        )
        const none = notFound('The resource you requested does not exist.')
        for (const [FunctionName, unchanged] of [[name, none] as const, [lambda.newName(), missing] as const]) {
          await refuses(getUrl(lambda, FunctionName), none)
          const update = new UpdateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' })
          await refuses(lambda.client.send(update), unchanged)
          await refuses(lambda.client.send(new DeleteFunctionUrlConfigCommand({ FunctionName })), none)
        }
      },
    },
    {
      name: 'DeleteFunctionUrlConfig returns 204, and the URL is forbidden',
      run: async (lambda) => {
        const { name, url } = await servedUrl(lambda)
        const deleted = await lambda.client.send(new DeleteFunctionUrlConfigCommand({ FunctionName: name }))
        assert.equal(deleted.$metadata.httpStatusCode, 204)
        await refuses(getUrl(lambda, name), notFound('The resource you requested does not exist.'))
        assert.equal((await callUrlUntil(lambda, url, '/', {}, ({ status }) => status === 403)).status, 403)
      },
    },
    {
      name: 'a URL whose alias was deleted is forbidden',
      run: async (lambda) => {
        const name = await withAlias(lambda)
        const { url } = await openUrl(lambda, name, { Qualifier: 'live' })
        assert.equal((await callUrl(url, '/')).status, 200)
        await lambda.client.send(new DeleteAliasCommand({ FunctionName: name, Name: 'live' }))
        const answer = await callUrlUntil(lambda, url, '/', {}, ({ status }) => status === 403)
        assert.deepEqual([answer.status, answer.headers['x-amzn-errortype']], [403, 'AccessDeniedException'])
        assert.deepEqual(JSON.parse(answer.text), {
          Message:
            'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
        })
      },
    },
  ],
}
