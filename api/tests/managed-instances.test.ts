import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import {
  CreateCapacityProviderCommand,
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  GetFunctionScalingConfigCommand,
  InvokeCommand,
  PublishVersionCommand,
  PutFunctionScalingConfigCommand,
  UpdateFunctionCodeCommand,
  type CreateFunctionCommandInput,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../testing/running-server.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

const role = 'arn:aws:iam::000000000000:role/any'
const FunctionName = 'f'
const Qualifier = '$LATEST.PUBLISHED'
const code = (answer: string) => `
exports.handler = async ({ waitMs = 0 }) => {
  await new Promise((resolve) => setTimeout(resolve, waitMs))
  return { answer: '${answer}', type: process.env.AWS_LAMBDA_INITIALIZATION_TYPE, version: process.env.AWS_LAMBDA_FUNCTION_VERSION }
}`

async function start(dataFolder = newDataFolder()): Promise<RunningServer> {
  const server = await startMain(dataFolder)
  cleanups.push(
    () => rmSync(dataFolder, { recursive: true, force: true }),
    () => server.end('SIGKILL'),
  )
  return server
}

async function create(client: LambdaClient, text: string, changes: Partial<CreateFunctionCommandInput>): Promise<void> {
  const Code = { ZipFile: await zipOf('index.js', text) }
  const settings = { FunctionName, Role: role, Runtime: 'nodejs24.x', Handler: 'index.handler' } as const
  await client.send(new CreateFunctionCommand({ ...settings, Code, ...changes }))
  await until(async () => (await configuration(client)).State !== 'Pending')
}

async function onProvider(client: LambdaClient): Promise<Partial<CreateFunctionCommandInput>> {
  const VpcConfig = { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] }
  const PermissionsConfig = { CapacityProviderOperatorRoleArn: role }
  const { CapacityProvider } = await client.send(
    new CreateCapacityProviderCommand({ CapacityProviderName: 'p', VpcConfig, PermissionsConfig }),
  )
  const CapacityProviderArn = CapacityProvider?.CapacityProviderArn
  return { CapacityProviderConfig: { LambdaManagedInstancesCapacityProviderConfig: { CapacityProviderArn } } }
}

function configuration(client: LambdaClient, qualifier?: string) {
  return client.send(
    new GetFunctionConfigurationCommand({ FunctionName, ...(qualifier === undefined ? {} : { Qualifier: qualifier }) }),
  )
}

async function invoke(client: LambdaClient, event: object = {}): Promise<unknown> {
  const { Payload, ExecutedVersion } = await client.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
  )
  return { ...(JSON.parse(Payload?.transformToString() ?? '') as object), executed: ExecutedVersion }
}

function scale(client: LambdaClient, FunctionScalingConfig: object) {
  return client.send(new PutFunctionScalingConfigCommand({ FunctionName, Qualifier, FunctionScalingConfig }))
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come about within a minute')
    await delay(20)
  }
}

const answered = (answer: string) => ({
  ...{ answer, type: 'lambda-managed-instances', version: Qualifier, executed: Qualifier },
})

test('a function on a capacity provider runs the last published version, in as many environments as its scaling allows', async () => {
  const folder = newDataFolder()
  const server = await start(folder)
  let { client } = server
  await create(client, code('one'), {
    ...(await onProvider(client)),
    ...{ Publish: true, PublishTo: 'LATEST_PUBLISHED' },
  })
  await until(async () => (await configuration(client, Qualifier)).State === 'Active')
  expect(await invoke(client)).toEqual(answered('one'))

  const bounds = { MinExecutionEnvironments: 1, MaxExecutionEnvironments: 1 }
  await scale(client, bounds)
  const applied = async () =>
    (await client.send(new GetFunctionScalingConfigCommand({ FunctionName, Qualifier }))).AppliedFunctionScalingConfig
  await until(async () => (await applied())?.MaxExecutionEnvironments === 1)
  const slow = invoke(client, { waitMs: 2_000 })
  const refused = async () => {
    const other = await invoke(client).catch((error: unknown) => error)
    return (other as { name?: string }).name === 'TooManyRequestsException'
  }
  await until(refused)
  expect(await slow).toEqual(answered('one'))

  await server.end('SIGKILL')
  client = (await start(folder)).client
  await until(async () => (await applied())?.MinExecutionEnvironments === 1)
  expect(await applied()).toEqual(bounds)
  expect(await invoke(client)).toEqual(answered('one'))
  await client.send(
    new UpdateFunctionCodeCommand({
      ...{ FunctionName, ZipFile: await zipOf('index.js', code('two')), Publish: true, PublishTo: 'LATEST_PUBLISHED' },
    }),
  )
  const updated = async () => (await configuration(client, Qualifier)).LastUpdateStatus === 'Successful'
  await until(updated)
  expect(await invoke(client)).toEqual(answered('two'))
  await scale(client, { MinExecutionEnvironments: 0, MaxExecutionEnvironments: 0 })
  await expect(invoke(client)).rejects.toMatchObject({ name: 'ResourceConflictException' })
}, 120_000)

test('code that fails to initialise is not published, and the published version keeps running', async () => {
  const { client } = await start()
  await create(client, code('one'), {
    ...(await onProvider(client)),
    ...{ Publish: true, PublishTo: 'LATEST_PUBLISHED' },
  })
  await until(async () => (await configuration(client, Qualifier)).State === 'Active')
  await client.send(
    new UpdateFunctionCodeCommand({
      ...{ FunctionName, ZipFile: await zipOf('index.js', 'throw new Error("no")') },
      ...{ Publish: true, PublishTo: 'LATEST_PUBLISHED' },
    }),
  )
  await until(async () => (await configuration(client, Qualifier)).LastUpdateStatus === 'Failed')
  expect(await configuration(client, Qualifier)).toMatchObject({
    State: 'Active',
    LastUpdateStatusReasonCode: 'FunctionError.RuntimeInitError',
  })
  expect(await invoke(client)).toEqual(answered('one'))
}, 120_000)

test('a version with SnapStart is initialised before it is Active, and is Failed when its initialisation fails', async () => {
  const { client } = await start()
  await create(client, code('one'), { SnapStart: { ApplyOn: 'PublishedVersions' } })
  const publish = () => client.send(new PublishVersionCommand({ FunctionName }))
  expect(await publish()).toMatchObject({ Version: '1', State: 'Pending' })
  await until(async () => (await configuration(client, '1')).State === 'Active')
  expect((await configuration(client, '1')).SnapStart?.OptimizationStatus).toBe('On')
  const { Payload } = await client.send(new InvokeCommand({ FunctionName, Qualifier: '1', Payload: '{}' }))
  expect(JSON.parse(Payload?.transformToString() ?? '')).toMatchObject({ answer: 'one', type: 'on-demand' })
  const broken = await zipOf('index.js', 'process.exit(1)')
  await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: broken }))
  await until(async () => (await configuration(client)).LastUpdateStatus === 'Successful')
  await publish()
  await until(async () => (await configuration(client, '2')).State === 'Failed')
  expect((await configuration(client, '2')).StateReasonCode).toBe('FunctionError.RuntimeInitError')
}, 120_000)
