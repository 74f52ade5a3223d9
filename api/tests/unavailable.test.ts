import { rmSync } from 'node:fs'
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  GetEventSourceMappingCommand,
  InvokeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { until } from '../testing/faults.ts'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../testing/running-server.ts'

/** Missing programs and settings are reported when a resource is created, not when it fails. */
let folder: string
let server: RunningServer
beforeAll(async () => {
  folder = newDataFolder()
  server = await startMain(folder)
})
afterAll(async () => {
  await server.end('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const Role = 'arn:aws:iam::000000000000:role/any'
const create = async (FunctionName: string, members: Partial<CreateFunctionCommandInput>) => {
  const { client } = server
  const code = { ZipFile: await zipOf('index.js', 'exports.handler = async () => null') }
  await client.send(new CreateFunctionCommand({ FunctionName, Role, Code: code, Handler: 'index.handler', ...members }))
  await waitUntilFunctionActiveV2({ client, maxWaitTime: 20, minDelay: 0.02 }, { FunctionName })
}
const countOf = (text: string) => server.output().split(text).length - 1

test('a function that cannot run here is made, with a warning that says why; its invocation says it, too', async () => {
  const { client } = server
  const reason = (runtime: string) => `Runtime ${runtime} is not supported on one machine: deploy the function as`
  await create('java', { Runtime: 'java21' })
  expect(countOf(`Function java cannot be invoked. ${reason('java21')}`)).toBe(1)
  await expect(client.send(new InvokeCommand({ FunctionName: 'java' }))).rejects.toMatchObject({
    name: 'InvalidRuntimeException',
    message: expect.stringContaining(reason('java21')),
  })
  await client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'java', Runtime: 'dotnet8' }))
  await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 20, minDelay: 0.02 }, { FunctionName: 'java' })
  expect(countOf(`Function java cannot be invoked. ${reason('dotnet8')}`)).toBe(1)
  const ImageUri = '000000000000.dkr.ecr.us-east-1.amazonaws.com/app:1'
  await create('image', { PackageType: 'Image', Code: { ImageUri }, Handler: undefined })
  expect(countOf('Function image cannot be invoked. Functions of packageType Image run in Kubernetes only')).toBe(1)
})

test('a mapping whose service has no endpoint shows the setting that is missing, and the log has it once', async () => {
  const { client } = server
  await create('f', { Runtime: 'nodejs24.x' })
  const EventSourceArn = 'arn:aws:sqs:us-east-1:000000000000:queue'
  const { UUID } = await client.send(new CreateEventSourceMappingCommand({ FunctionName: 'f', EventSourceArn }))
  const get = () => client.send(new GetEventSourceMappingCommand({ UUID }))
  const reason = 'No endpoint is set for sqs: set KUBELAMBDA_SQS_ENDPOINT or KUBELAMBDA_AWS_ENDPOINT.'
  await until('the result', async () => (await get()).LastProcessingResult === `PROBLEM: ${reason}`)
  await until('enabled', async () => (await get()).State === 'Enabled')
  expect(countOf(`The event source of mapping ${UUID ?? ''} cannot be polled: ${reason}`)).toBe(1)
})
