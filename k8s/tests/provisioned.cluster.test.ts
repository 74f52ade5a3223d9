import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  DeleteFunctionCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  PublishVersionCommand,
  PutProvisionedConcurrencyConfigCommand,
  waitUntilPublishedVersionActive,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import { kubectl, namespace, openInstallation, type Installation } from '../testing/installation.ts'
import { createNode, eventually } from '../testing/test-cluster.ts'

const tellsItsStart = `
export const handler = async ({ sleepMs = 0 }) => {
  await new Promise((resolve) => setTimeout(resolve, sleepMs))
  return process.env.AWS_LAMBDA_INITIALIZATION_TYPE
}`

describe('provisioned concurrency over servers', () => {
  let installation: Installation
  const [name, Qualifier, wanted] = ['ahead', '1', 4]

  beforeAll(async () => {
    installation = await openInstallation()
    await createNode(installation, name, tellsItsStart, { Timeout: 30 })
    const { client } = installation
    await client.send(new PublishVersionCommand({ FunctionName: name }))
    await waitUntilPublishedVersionActive({ client, maxWaitTime: 120 }, { FunctionName: name, Qualifier })
    const config = { FunctionName: name, Qualifier, ProvisionedConcurrentExecutions: wanted }
    await client.send(new PutProvisionedConcurrencyConfigCommand(config))
  }, 700_000)
  afterAll(async () => {
    await installation.client.send(new DeleteFunctionCommand({ FunctionName: name }))
  })

  const podNames = async () => {
    const pods = await installation.pods(`kubelambda.dev/function=${name}`)
    return pods.map(({ metadata }) => metadata?.name ?? '').sort()
  }
  const clients = async () => (await installation.servers()).map((server) => installation.clientOf(server))
  const isReady = async (client: LambdaClient) => {
    const asked = new GetProvisionedConcurrencyConfigCommand({ FunctionName: name, Qualifier })
    const { Status, AllocatedProvisionedConcurrentExecutions: allocated } = await client.send(asked)
    return Status === 'READY' && allocated === wanted
  }
  /** How environments began that serve so many invocations at once of one server. */
  const startsOf = async (client: LambdaClient, width: number) => {
    const Payload = JSON.stringify({ sleepMs: 1_000 })
    const ask = async () => {
      const answer = await client.send(new InvokeCommand({ FunctionName: name, Qualifier, Payload }))
      return JSON.parse(answer.Payload?.transformToString() ?? '') as string
    }
    return Promise.all(Array.from({ length: width }, ask))
  }
  const everyServerIsReady = () =>
    eventually(async () => {
      const ready = await Promise.all((await clients()).map(isReady))
      return ready.length === 2 && ready.every((is) => is) ? true : undefined
    }, 120_000)

  test('is initialised once for all servers, and each of them reports all of it', async () => {
    await everyServerIsReady()
    // Pods are labelled a moment after they serve.
    await eventually(async () => ((await podNames()).length === wanted ? true : undefined), 30_000)
  }, 180_000)

  test('serves one server that uses all of it at once', async () => {
    const [client] = await clients()
    const ahead = Array.from({ length: wanted }, () => 'provisioned-concurrency')
    expect(await startsOf(client!, wanted)).toEqual(ahead)
  }, 60_000)

  test('survives an update of the servers', async () => {
    await everyServerIsReady()
    const before = await podNames()
    await kubectl('-n', namespace, 'rollout', 'restart', 'deployment/kubelambda')
    await kubectl('-n', namespace, 'rollout', 'status', 'deployment/kubelambda', '--timeout=180s')
    await installation.settled(2)
    await everyServerIsReady()
    expect((await podNames()).filter((pod) => before.includes(pod))).not.toEqual([])
  }, 400_000)
})
