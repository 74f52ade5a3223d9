import { describe, expect, test } from '@jest/globals'
import { arn, startControlPlane, type ControlPlaneHarness } from '../testing/control-plane.ts'

async function withVersions() {
  const server = startControlPlane()
  await server.create('f')
  await server.call('PublishVersion', { FunctionName: 'f' })
  await server.call('CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '1' })
  return server
}

const put = (
  server: ControlPlaneHarness,
  Qualifier: string,
  ProvisionedConcurrentExecutions: number,
  FunctionName = 'f',
) => server.call('PutProvisionedConcurrencyConfig', { FunctionName, Qualifier, ProvisionedConcurrentExecutions })
const refusal = (server: ControlPlaneHarness, Qualifier: string, ProvisionedConcurrentExecutions: number) =>
  server.refusal('PutProvisionedConcurrencyConfig', { FunctionName: 'f', Qualifier, ProvisionedConcurrentExecutions })
const reserve = (ReservedConcurrentExecutions: number) => ({
  FunctionName: 'f',
  ReservedConcurrentExecutions,
})

describe('provisioned concurrency', () => {
  test('is answered as in progress, and changes the revision of its version', async () => {
    const server = await withVersions()
    const revision = async () =>
      (await server.call('GetFunctionConfiguration', { FunctionName: 'f', Qualifier: '1' }))['RevisionId'] as string
    const before = await revision()
    expect(await put(server, 'live', 2)).toEqual({
      RequestedProvisionedConcurrentExecutions: 2,
      AvailableProvisionedConcurrentExecutions: 0,
      AllocatedProvisionedConcurrentExecutions: 0,
      Status: 'IN_PROGRESS',
      LastModified: '2025-11-25T02:46:47.123Z',
    })
    expect(await revision()).not.toBe(before)
  })

  test('is taken from what the account has unreserved', async () => {
    const server = await withVersions()
    const unreserved = async () =>
      (await server.call('GetAccountSettings')).AccountLimit.UnreservedConcurrentExecutions as number
    await put(server, '1', 100)
    expect(await unreserved()).toBe(900)
    await server.call('PutFunctionConcurrency', reserve(150))
    expect(await unreserved()).toBe(850)
  })

  test.each<[number, string]>([
    [1001, "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000]."],
    [
      901,
      "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    ],
  ])('of %s is more than the account has', async (count, message) => {
    const server = await withVersions()
    const type = 'InvalidParameterValueException'
    expect(await refusal(server, '1', count)).toEqual({ type, status: 400, message, typed: false })
  })

  test('is bounded by a reservation, and bounds it', async () => {
    const server = await withVersions()
    await server.call('PutFunctionConcurrency', reserve(2))
    expect((await refusal(server, '1', 3)).message).toBe(
      'Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function',
    )
    await put(server, '1', 2)
    expect(await server.refusal('PutFunctionConcurrency', reserve(1))).toMatchObject({
      typed: false,
      message:
        " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].",
    })
  })

  test('put on two functions at once keeps the account’s minimum', async () => {
    const server = await withVersions()
    await server.create('g')
    await server.call('PublishVersion', { FunctionName: 'g' })
    const puts = await Promise.allSettled([put(server, '1', 500), put(server, '1', 500, 'g')])
    expect(puts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('goes with its alias, its version and by itself', async () => {
    const server = await withVersions()
    await put(server, 'live', 1)
    const listed = async () =>
      (await server.call('ListProvisionedConcurrencyConfigs', { FunctionName: 'f' }))[
        'ProvisionedConcurrencyConfigs'
      ] as unknown[]
    expect(await listed()).toMatchObject([{ FunctionArn: `${arn}:f:live` }])
    await server.call('DeleteAlias', { FunctionName: 'f', Name: 'live' })
    expect(await listed()).toEqual([])
    await put(server, '1', 1)
    await server.call('DeleteFunction', { FunctionName: 'f', Qualifier: '1' })
    expect(await listed()).toEqual([])
  })
})
