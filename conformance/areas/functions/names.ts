import assert from 'node:assert/strict'
import { GetFunctionConfigurationCommand, InvokeCommand } from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { badParameter, invalid, notFound, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const namePattern =
  'Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?' +
  '(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?'

/** The forms of function names and qualifiers. */
export const names: Area = {
  name: 'names',
  cases: [
    {
      name: 'a function is found by name, partial ARN and full ARN',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const { accountId } = lambda.target
        for (const form of [name, `${accountId}:function:${name}`, `function:${name}`, lambda.arn(name)]) {
          const { FunctionArn } = await read(lambda, form)
          assert.equal(FunctionArn, lambda.arn(name), form)
        }
      },
    },
    {
      name: 'each form can carry a qualifier',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.publish(name)
        for (const form of [`${name}:1`, `${lambda.target.accountId}:function:${name}:1`, lambda.arn(name, '1')]) {
          assert.equal((await read(lambda, form)).FunctionArn, lambda.arn(name, '1'), form)
          const answer = await lambda.invoke(form)
          assert.equal(answer.executedVersion, '1', form)
        }
        assert.equal((await read(lambda, `${name}:$LATEST`)).FunctionArn, lambda.arn(name, '$LATEST'))
      },
    },
    {
      name: 'the same qualifier twice is accepted, two that differ are refused',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        await lambda.publish(name)
        assert.equal((await read(lambda, `${name}:1`, '1')).Version, '1')
        await refuses(
          read(lambda, `${name}:1`, '$LATEST'),
          badParameter('The derived qualifier from the function name does not match the specified qualifier.'),
        )
      },
    },
    {
      name: 'a name that does not match the pattern is refused with the pattern',
      run: async (lambda) => {
        for (const name of ['invalid:function:name', `${lambda.target.accountId}@function:x`]) {
          await refuses(
            read(lambda, name),
            invalid(`Value '${name}' at 'functionName' failed to satisfy constraint: ${namePattern}`),
          )
        }
      },
    },
    {
      name: 'an ARN of another region is not reachable',
      run: async (lambda) => {
        const { region, accountId } = lambda.target
        const other = region === 'eu-west-1' ? 'eu-west-2' : 'eu-west-1'
        const call = read(lambda, `arn:aws:lambda:${other}:${accountId}:function:${lambda.newName()}`)
        await refuses(call, notFound(`Functions from '${other}' are not reachable in this region ('${region}')`))
      },
    },
    {
      name: 'an ARN of another account is access denied',
      run: async (lambda) => {
        const account = lambda.target.accountId === '999999999999' ? '888888888888' : '999999999999'
        const call = read(lambda, `arn:aws:lambda:${lambda.target.region}:${account}:function:${lambda.newName()}`)
        await refuses(call, { status: 403, name: 'AccessDeniedException' })
      },
    },
    {
      name: 'an ARN that ends in function is a function of that name',
      run: async (lambda) => {
        const arn = `arn:aws:lambda:${lambda.target.region}:${lambda.target.accountId}:function`
        await refuses(read(lambda, arn), notFound(`Function not found: ${lambda.arn('function')}`))
      },
    },
    {
      name: 'Invoke of an unknown function names $LATEST',
      run: async (lambda) => {
        const name = lambda.newName()
        const call = lambda.client.send(new InvokeCommand({ FunctionName: name }))
        await refuses(call, notFound(`Function not found: ${lambda.arn(name, '$LATEST')}`))
      },
    },
    {
      name: 'Invoke of an unknown alias or version names it',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        for (const qualifier of ['live', '9']) {
          const call = lambda.invoke(name, {}, { Qualifier: qualifier })
          await refuses(call, notFound(`Function not found: ${lambda.arn(name, qualifier)}`))
        }
      },
    },
  ],
}

function read(lambda: CaseContext, name: string, qualifier?: string) {
  return lambda.client.send(
    new GetFunctionConfigurationCommand({
      FunctionName: name,
      ...(qualifier !== undefined && { Qualifier: qualifier }),
    }),
  )
}
