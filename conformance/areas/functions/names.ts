import assert from 'node:assert/strict'
import { GetFunctionConfigurationCommand, InvokeCommand } from '@aws-sdk/client-lambda'
import type { Area } from '../../world/case.ts'
import { badParameter, invalid, notFound, refuses } from '../../world/expect.ts'
import type { World } from '../../world/world.ts'

const namePattern =
  'Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?' +
  '(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?'

/** The forms of function names and qualifiers. */
export const names: Area = {
  name: 'names',
  cases: [
    {
      name: 'a function is found by name, partial ARN and full ARN',
      run: async (world) => {
        const name = await world.create('hello-node')
        const { accountId } = world.target
        for (const form of [name, `${accountId}:function:${name}`, `function:${name}`, world.arn(name)]) {
          const { FunctionArn } = await read(world, form)
          assert.equal(FunctionArn, world.arn(name), form)
        }
      },
    },
    {
      name: 'each form can carry a qualifier',
      run: async (world) => {
        const name = await world.create('hello-node')
        await world.publish(name)
        for (const form of [`${name}:1`, `${world.target.accountId}:function:${name}:1`, world.arn(name, '1')]) {
          assert.equal((await read(world, form)).FunctionArn, world.arn(name, '1'), form)
          const answer = await world.invoke(form)
          assert.equal(answer.executedVersion, '1', form)
        }
        assert.equal((await read(world, `${name}:$LATEST`)).FunctionArn, world.arn(name, '$LATEST'))
      },
    },
    {
      name: 'the same qualifier twice is accepted, two that differ are refused',
      run: async (world) => {
        const name = await world.create('hello-node')
        await world.publish(name)
        assert.equal((await read(world, `${name}:1`, '1')).Version, '1')
        await refuses(
          read(world, `${name}:1`, '$LATEST'),
          badParameter('The derived qualifier from the function name does not match the specified qualifier.'),
        )
      },
    },
    {
      name: 'a name that does not match the pattern is refused with the pattern',
      run: async (world) => {
        for (const name of ['invalid:function:name', `${world.target.accountId}@function:x`]) {
          await refuses(
            read(world, name),
            invalid(`Value '${name}' at 'functionName' failed to satisfy constraint: ${namePattern}`),
          )
        }
      },
    },
    {
      name: 'an ARN of another region is not reachable',
      run: async (world) => {
        const { region, accountId } = world.target
        const other = region === 'eu-west-1' ? 'eu-west-2' : 'eu-west-1'
        const call = read(world, `arn:aws:lambda:${other}:${accountId}:function:${world.newName()}`)
        await refuses(call, notFound(`Functions from '${other}' are not reachable in this region ('${region}')`))
      },
    },
    {
      name: 'an ARN of another account is access denied',
      run: async (world) => {
        const account = world.target.accountId === '999999999999' ? '888888888888' : '999999999999'
        const call = read(world, `arn:aws:lambda:${world.target.region}:${account}:function:${world.newName()}`)
        await refuses(call, { status: 403, name: 'AccessDeniedException' })
      },
    },
    {
      name: 'an ARN that ends in function is a function of that name',
      run: async (world) => {
        const arn = `arn:aws:lambda:${world.target.region}:${world.target.accountId}:function`
        await refuses(read(world, arn), notFound(`Function not found: ${world.arn('function')}`))
      },
    },
    {
      name: 'Invoke of an unknown function names $LATEST',
      run: async (world) => {
        const name = world.newName()
        const call = world.client.send(new InvokeCommand({ FunctionName: name }))
        await refuses(call, notFound(`Function not found: ${world.arn(name, '$LATEST')}`))
      },
    },
    {
      name: 'Invoke of an unknown alias or version names it',
      run: async (world) => {
        const name = await world.create('hello-node')
        for (const qualifier of ['live', '9']) {
          const call = world.invoke(name, {}, { Qualifier: qualifier })
          await refuses(call, notFound(`Function not found: ${world.arn(name, qualifier)}`))
        }
      },
    },
  ],
}

function read(world: World, name: string, qualifier?: string) {
  return world.client.send(
    new GetFunctionConfigurationCommand({
      FunctionName: name,
      ...(qualifier !== undefined && { Qualifier: qualifier }),
    }),
  )
}
