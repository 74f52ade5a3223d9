import assert from 'node:assert/strict'
import {
  CreateFunctionCommand,
  UpdateFunctionConfigurationCommand,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { badParameter, invalid, refuses } from '../../case/expect.ts'

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
      run: async (lambda) => {
        const create = async (LoggingConfig: CreateFunctionCommandInput['LoggingConfig']) =>
          lambda.client.send(new CreateFunctionCommand(await lambda.input('hello-node', { LoggingConfig })))
        await refuses(create({ LogFormat: 'Text', ApplicationLogLevel: 'DEBUG' }), levelOfText)
        await refuses(create({ SystemLogLevel: 'WARN' }), levelOfText)
        const FunctionName = await lambda.create('hello-node')
        const LoggingConfig = { SystemLogLevel: 'WARN' } as const
        await refuses(
          lambda.client.send(new UpdateFunctionConfigurationCommand({ FunctionName, LoggingConfig })),
          levelOfText,
        )
        await lambda.configure(FunctionName, { LoggingConfig: { ...LoggingConfig, LogFormat: 'JSON' } })
        assert.equal((await lambda.configuration(FunctionName)).LoggingConfig?.SystemLogLevel, 'WARN')
      },
    },
    {
      name: 'an update replaces logging as a whole, and what it does not name is the default again',
      run: async (lambda) => {
        const name = await lambda.create('hello-node', {
          LoggingConfig: { LogFormat: 'JSON', LogGroup: '/custom/group' },
        })
        await lambda.configure(name, { LoggingConfig: { LogFormat: 'Text' } })
        assert.deepEqual((await lambda.configuration(name)).LoggingConfig, {
          LogFormat: 'Text',
          LogGroup: `/aws/lambda/${name}`,
        })
      },
    },
    {
      name: 'ids of subnets and security groups of another form are violations',
      run: async (lambda) => {
        const VpcConfig = { SubnetIds: ['net-1'], SecurityGroupIds: ['group-1'] }
        const input = await lambda.input('hello-node', { VpcConfig })
        const length =
          'Member must have length less than or equal to 1024, Member must have length greater than or equal to 0'
        const member = (pattern: string) =>
          `Member must satisfy constraint: [${length}, Member must satisfy regular expression pattern: ${pattern}, Member must not be null]`
        await refuses(
          lambda.client.send(new CreateFunctionCommand(input)),
          invalid(
            `Value '[net-1]' at 'vpcConfig.subnetIds' failed to satisfy constraint: ${member('subnet-[0-9a-z]*')}`,
            `Value '[group-1]' at 'vpcConfig.securityGroupIds' failed to satisfy constraint: ${member('sg-[0-9a-zA-Z]*')}`,
          ),
        )
      },
    },
    {
      name: 'subnets need security groups, and security groups subnets',
      run: async (lambda) => {
        for (const VpcConfig of [{ SubnetIds: ['subnet-0a1b2c3d'] }, { SecurityGroupIds: ['sg-0a1b2c3d'] }]) {
          const input = await lambda.input('hello-node', { VpcConfig })
          await refuses(lambda.client.send(new CreateFunctionCommand(input)), halfVpc)
        }
      },
    },
  ],
}
