import { rmSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import {
  AddPermissionCommand,
  CreateCodeSigningConfigCommand,
  CreateFunctionCommand,
  DeleteLayerVersionCommand,
  GetCodeSigningConfigCommand,
  GetFunctionCommand,
  GetPolicyCommand,
  InvokeCommand,
  ListLayersCommand,
  PublishLayerVersionCommand,
  waitUntilFunctionActiveV2,
  type CreateFunctionCommandInput,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import { newDataFolder, startMain, zipOf } from '../testing/running-server.ts'

const Role = 'arn:aws:iam::000000000000:role/any'
const image = '000000000000.dkr.ecr.us-east-1.amazonaws.com/app:1'

test('layers, policies, signing configurations and images survive SIGKILL, and layers still run', async () => {
  const data = newDataFolder()
  const first = await startMain(data)
  try {
    const Layers = [await publish(first.client, 'one'), await publish(first.client, 'two')]
    const code = "exports.handler = async () => require('word')"
    const settings = { Runtime: 'nodejs24.x', Handler: 'index.handler' } as const
    await create(first.client, 'layered', { ...settings, Code: { ZipFile: await zipOf('index.js', code) }, Layers })
    await create(first.client, 'image', { PackageType: 'Image', Code: { ImageUri: image } })
    await first.client.send(new DeleteLayerVersionCommand({ LayerName: 'two', VersionNumber: 1 }))
    const statement = { StatementId: 's', Action: 'lambda:InvokeFunction', Principal: '*' }
    await first.client.send(new AddPermissionCommand({ FunctionName: 'layered', ...statement }))
    const config = await createConfig(first.client)
    const policy = await policyOf(first.client)
    await first.end('SIGKILL')

    const second = await startMain(data)
    const { client } = second
    expect(await invoke(client, 'layered')).toBe('two')
    expect((await client.send(new ListLayersCommand({}))).Layers?.map(({ LayerName }) => LayerName)).toEqual(['one'])
    expect(await publish(client, 'two')).toMatch(/:two:2$/)
    expect(await policyOf(client)).toEqual(policy)
    expect((await client.send(new GetFunctionCommand({ FunctionName: 'image' }))).Code?.ImageUri).toBe(image)
    const { CodeSigningConfigArn } = config ?? {}
    const shown = await client.send(new GetCodeSigningConfigCommand({ CodeSigningConfigArn }))
    expect(shown.CodeSigningConfig).toEqual(config)
    await second.end('SIGTERM')
  } finally {
    await first.end('SIGKILL')
    rmSync(data, { recursive: true, force: true })
  }
})

async function publish(client: LambdaClient, LayerName: string): Promise<string> {
  const ZipFile = await zipOf('nodejs/node_modules/word/index.js', `module.exports = '${LayerName}'`)
  const published = await client.send(new PublishLayerVersionCommand({ LayerName, Content: { ZipFile } }))
  return published.LayerVersionArn ?? ''
}

async function create(client: LambdaClient, FunctionName: string, members: Partial<CreateFunctionCommandInput>) {
  await client.send(new CreateFunctionCommand({ FunctionName, Role, Code: {}, ...members }))
  await waitUntilFunctionActiveV2({ client, maxWaitTime: 20, minDelay: 0.02 }, { FunctionName })
}

async function createConfig(client: LambdaClient) {
  const SigningProfileVersionArns = ['arn:aws:signer:us-east-1:123456789012:/signing-profiles/p/abcdefghij']
  const AllowedPublishers = { SigningProfileVersionArns }
  return (await client.send(new CreateCodeSigningConfigCommand({ AllowedPublishers }))).CodeSigningConfig
}

async function policyOf(client: LambdaClient) {
  const { Policy, RevisionId } = await client.send(new GetPolicyCommand({ FunctionName: 'layered' }))
  return { Policy, RevisionId }
}

async function invoke(client: LambdaClient, FunctionName: string): Promise<unknown> {
  const { Payload } = await client.send(new InvokeCommand({ FunctionName }))
  return JSON.parse(Payload?.transformToString() ?? '')
}
