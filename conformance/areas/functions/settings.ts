import assert from 'node:assert/strict'
import {
  CreateFunctionCommand,
  UpdateFunctionConfigurationCommand,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../world/case.ts'
import { badParameter, refuses } from '../../world/expect.ts'

const levelOfText = badParameter(
  'LogLevel is not supported when LogFormat is set to "Text". ' +
    'Remove LogLevel from your request or change the LogFormat to "Json" and try again.',
)
const halfVpc = badParameter('SubnetIds and SecurityIds must coexist or be both empty list.')

/** Settings that do not go together. */
export const settings: Area = {
  name: 'settings',
  cases: [
    {
      name: 'log levels are for JSON logs, at creation and later',
      run: async (world) => {
        const create = async (LoggingConfig: CreateFunctionCommandInput['LoggingConfig']) =>
          world.client.send(new CreateFunctionCommand(await world.input('hello-node', { LoggingConfig })))
        await refuses(create({ LogFormat: 'Text', ApplicationLogLevel: 'DEBUG' }), levelOfText)
        await refuses(create({ SystemLogLevel: 'WARN' }), levelOfText)
        const FunctionName = await world.create('hello-node')
        const LoggingConfig = { SystemLogLevel: 'WARN' } as const
        await refuses(
          world.client.send(new UpdateFunctionConfigurationCommand({ FunctionName, LoggingConfig })),
          levelOfText,
        )
        await world.configure(FunctionName, { LoggingConfig: { ...LoggingConfig, LogFormat: 'JSON' } })
        assert.equal((await world.configuration(FunctionName)).LoggingConfig?.SystemLogLevel, 'WARN')
      },
    },
    {
      name: 'an update replaces logging as a whole, and what it does not name is the default again',
      run: async (world) => {
        const name = await world.create('hello-node', {
          LoggingConfig: { LogFormat: 'JSON', LogGroup: '/custom/group' },
        })
        await world.configure(name, { LoggingConfig: { LogFormat: 'Text' } })
        assert.deepEqual((await world.configuration(name)).LoggingConfig, {
          LogFormat: 'Text',
          LogGroup: `/aws/lambda/${name}`,
        })
      },
    },
    {
      name: 'subnets need security groups, and security groups subnets',
      run: async (world) => {
        for (const VpcConfig of [{ SubnetIds: ['subnet-0a1b2c3d'] }, { SecurityGroupIds: ['sg-0a1b2c3d'] }]) {
          const input = await world.input('hello-node', { VpcConfig })
          await refuses(world.client.send(new CreateFunctionCommand(input)), halfVpc)
        }
      },
    },
  ],
}
