import { expect, test } from '@jest/globals'
import { startControlPlane } from '../testing/control-plane.ts'

const arn = 'arn:aws:lambda:us-east-1:000000000000:capacity-provider'
const members = {
  VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] },
  PermissionsConfig: { CapacityProviderOperatorRoleArn: 'arn:aws:iam::000000000000:role/r' },
}

test('a capacity provider is created, shown by name and ARN, scaled, listed, tagged and deleted', async () => {
  const server = startControlPlane()
  const CapacityProviderName = 'p'
  const shown = { ...members, CapacityProviderArn: `${arn}:p`, LastModified: '2025-11-25T02:46:47.123Z' }
  const created = await server.call('CreateCapacityProvider', { CapacityProviderName, ...members })
  expect(created).toEqual({ CapacityProvider: { ...shown, State: 'Pending' } })
  const active = { ...shown, State: 'Active' }
  for (const name of ['p', `${arn}:p`]) {
    const got = await server.call('GetCapacityProvider', { CapacityProviderName: name })
    expect(got).toEqual({ CapacityProvider: active })
  }
  const CapacityProviderScalingConfig = { MaxVCpuCount: 4, ScalingMode: 'Auto' }
  await server.call('UpdateCapacityProvider', { CapacityProviderName, CapacityProviderScalingConfig })
  const scaled = { ...active, CapacityProviderScalingConfig }
  expect(await server.call('ListCapacityProviders')).toEqual({ CapacityProviders: [scaled] })
  expect(await server.call('ListCapacityProviders', { State: 'Failed' })).toEqual({ CapacityProviders: [] })
  await server.call('TagResource', { Resource: `${arn}:p`, Tags: { a: '1' } })
  expect(await server.call('ListTags', { Resource: `${arn}:p` })).toEqual({ Tags: { a: '1' } })
  const versions = await server.call('ListFunctionVersionsByCapacityProvider', { CapacityProviderName })
  expect(versions).toEqual({ CapacityProviderArn: `${arn}:p`, FunctionVersions: [] })
  const deleted = await server.call('DeleteCapacityProvider', { CapacityProviderName })
  expect(deleted).toEqual({ CapacityProvider: { ...scaled, State: 'Deleting' } })
  const missing = { status: 404, message: `Capacity provider not found: ${arn}:p` }
  for (const operation of ['GetCapacityProvider', 'UpdateCapacityProvider', 'DeleteCapacityProvider'] as const) {
    expect(await server.refusal(operation, { CapacityProviderName })).toMatchObject(missing)
  }
})

test('tags and logs of the instances of a capacity provider are kept, shown and changed', async () => {
  const server = startControlPlane()
  const CapacityProviderName = 'p'
  const PropagateTags = { Mode: 'Explicit', ExplicitTags: { team: 'a' } }
  const TelemetryConfig = { LoggingConfig: { SystemLogLevel: 'WARN', LogGroup: '/own/group' } }
  const created = await server.call('CreateCapacityProvider', {
    ...{ CapacityProviderName, ...members, PropagateTags, TelemetryConfig },
  })
  expect(created).toMatchObject({ CapacityProvider: { PropagateTags, TelemetryConfig } })
  await server.call('UpdateCapacityProvider', { CapacityProviderName, PropagateTags: { Mode: 'None' } })
  const { CapacityProvider } = await server.call('GetCapacityProvider', { CapacityProviderName })
  expect(CapacityProvider).toMatchObject({ TelemetryConfig })
  expect((CapacityProvider as { PropagateTags: object }).PropagateTags).toEqual({ Mode: 'None' })
})

test('a capacity provider of the same name is a conflict, and lists page', async () => {
  const server = startControlPlane()
  for (const CapacityProviderName of ['a', 'b', 'c'])
    await server.call('CreateCapacityProvider', { CapacityProviderName, ...members })
  const again = await server.refusal('CreateCapacityProvider', { CapacityProviderName: 'a', ...members })
  expect(again).toMatchObject({ type: 'ResourceConflictException', status: 409 })
  const first = await server.call('ListCapacityProviders', { MaxItems: 2 })
  const rest = await server.call('ListCapacityProviders', { Marker: first['NextMarker'] as string })
  expect([first['CapacityProviders'], rest['CapacityProviders']].map((page: unknown[]) => page.length)).toEqual([2, 1])
})

test.each([
  ['account', 'arn:aws:lambda:us-east-1:123456789012:capacity-provider:p', 403],
  ['region', 'arn:aws:lambda:eu-west-1:000000000000:capacity-provider:p', 404],
])('an ARN of another %s never means the capacity provider of that name here', async (_what, foreign, status) => {
  const server = startControlPlane()
  await server.call('CreateCapacityProvider', { CapacityProviderName: 'p', ...members })
  const input = { CapacityProviderName: foreign }
  for (const operation of [
    'GetCapacityProvider',
    'UpdateCapacityProvider',
    'DeleteCapacityProvider',
    'ListFunctionVersionsByCapacityProvider',
  ] as const) {
    expect(await server.refusal(operation, input)).toMatchObject({ status })
  }
  const refused = await server.refusal('CreateCapacityProvider', {
    CapacityProviderName: foreign.replace(/p$/, 'q'),
    ...members,
  })
  expect(refused).toMatchObject({ status })
  const { CapacityProviders } = await server.call('ListCapacityProviders')
  expect(CapacityProviders).toMatchObject([{ CapacityProviderArn: `${arn}:p` }])
})
