import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  PublishLayerVersionCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../testing/running-server.ts'

const folders = [newDataFolder(), newDataFolder()] as const
const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
let owner: RunningServer
let user: RunningServer

beforeAll(async () => {
  owner = await startMain(folders[0], { KUBELAMBDA_ACCOUNT_ID: '123456789012' })
  user = await startMain(folders[1], { KUBELAMBDA_LAYER_ENDPOINT: owner.address, ...credentials })
})

afterAll(async () => {
  await Promise.all([owner.end('SIGKILL'), user.end('SIGKILL')])
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

async function create(FunctionName: string, Layers: string[]) {
  const ZipFile = await zipOf('index.js', "exports.handler = async () => require('word')")
  const role = 'arn:aws:iam::000000000000:role/any'
  const settings = { FunctionName, Role: role, Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 20 } as const
  await user.client.send(new CreateFunctionCommand({ ...settings, Code: { ZipFile }, Layers }))
  await waitUntilFunctionActiveV2({ client: user.client, maxWaitTime: 20, minDelay: 0.02 }, { FunctionName })
}

test('a layer of another account is fetched from the configured endpoint, and runs', async () => {
  const ZipFile = await zipOf('nodejs/node_modules/word/index.js', "module.exports = 'foreign'")
  const { LayerVersionArn = '', Content } = await owner.client.send(
    new PublishLayerVersionCommand({ LayerName: 'word', Content: { ZipFile } }),
  )
  await create('f', [LayerVersionArn])
  const { Layers } = await user.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }))
  expect(Layers).toEqual([{ Arn: LayerVersionArn, CodeSize: Content?.CodeSize }])
  const { Payload } = await user.client.send(new InvokeCommand({ FunctionName: 'f' }))
  expect(Payload?.transformToString()).toBe('"foreign"')
})

test("a layer that the endpoint does not have, or denies, is an error with the endpoint's message", async () => {
  const missing = 'arn:aws:lambda:us-east-1:123456789012:layer:none:1'
  await expect(create('g', [missing])).rejects.toThrow(`Layer version ${missing} does not exist.`)
  const another = missing.replace('123456789012', '210987654321')
  await expect(create('g', [another])).rejects.toThrow(`refuses layer version ${another}.`)
})
