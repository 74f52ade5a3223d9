import { describe, expect, test } from '@jest/globals'
import { PreparationFailed } from '../../functions/versions/activation.ts'
import type { LifecycleDependencies } from '../../functions/lifecycle.ts'
import { resolveVersion } from '../../functions/versions/resolve.ts'
import { arn, home, newFunction, startControlPlane, zipOf, type ControlPlaneHarness } from '../testing/control-plane.ts'

const published = '$LATEST.PUBLISHED'
const providerArn = 'arn:aws:lambda:us-east-1:000000000000:capacity-provider'
const on = (provider: string, members: object = {}) => ({
  CapacityProviderConfig: {
    LambdaManagedInstancesCapacityProviderConfig: { CapacityProviderArn: `${providerArn}:${provider}`, ...members },
  },
})

async function start(options: Partial<LifecycleDependencies> = {}): Promise<ControlPlaneHarness> {
  const server = startControlPlane(options)
  for (const CapacityProviderName of ['p', 'q']) {
    await server.call('CreateCapacityProvider', {
      CapacityProviderName,
      VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] },
      PermissionsConfig: { CapacityProviderOperatorRoleArn: 'arn:aws:iam::000000000000:role/r' },
    })
  }
  return server
}

const resolve = ({ catalogue }: ControlPlaneHarness, qualifier?: string) =>
  resolveVersion(
    { ...home, catalogue, random: () => 0 },
    { name: 'f', ...(qualifier === undefined ? {} : { qualifier }) },
  )

const toLatestPublished = { FunctionName: 'f', PublishTo: 'LATEST_PUBLISHED' }

describe('a function on a capacity provider', () => {
  test('has defaults of its own, and $LATEST that cannot be invoked', async () => {
    const server = await start()
    const shown = await server.create('f', on('p'))
    expect(shown).toMatchObject({
      State: 'ActiveNonInvocable',
      LastUpdateStatus: 'Successful',
      MemorySize: 2048,
      LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'INFO' },
      ...on('p', { PerExecutionEnvironmentMaxConcurrency: 64, ExecutionEnvironmentMemoryGiBPerVCpu: 2 }),
    })
    const { Functions } = await server.call('ListFunctions')
    expect(Functions).toMatchObject([on('p')])
    await expect(resolve(server, '$LATEST')).rejects.toMatchObject({ name: 'ResourceConflictException' })
    await expect(resolve(server)).rejects.toMatchObject({ name: 'NoPublishedVersionException', status: 400 })
    await expect(resolve(server, published)).rejects.toMatchObject({ status: 404 })
  })

  test('may be larger and slower than others', async () => {
    const server = await start()
    expect(await server.create('f', { ...on('p'), MemorySize: 32_768, Timeout: 5_400 })).toMatchObject({
      MemorySize: 32_768,
      Timeout: 5_400,
    })
    const tooSlow = await server.refusal('CreateFunction', await newFunction('g', { ...on('p'), Timeout: 5_401 }))
    expect(tooSlow).toMatchObject({ type: 'ValidationException' })
  })

  test.each([
    ['the provider is not there', on('none'), 404],
    ['its memory is below 2 GB', { ...on('p'), MemorySize: 2047 }, 400],
    ['it has less than one vCPU', on('p', { ExecutionEnvironmentMemoryGiBPerVCpu: 4 }), 400],
    ['its runtime is too old', { ...on('p'), Runtime: 'python3.12' }, 400],
    ['its runtime is of another kind', { ...on('p'), Runtime: 'ruby3.4' }, 400],
    ['its architecture is another than the provider has', { ...on('p'), Architectures: ['arm64'] }, 400],
    ['it has SnapStart', { ...on('p'), SnapStart: { ApplyOn: 'PublishedVersions' } }, 400],
    ['it keeps tenants apart', { ...on('p'), TenancyConfig: { TenantIsolationMode: 'PER_TENANT' } }, 400],
  ])('is refused when %s', async (_case, members, status) => {
    const server = await start()
    expect(await server.refusal('CreateFunction', await newFunction('f', members))).toMatchObject({ status })
    expect(await server.call('ListFunctions')).toEqual({ Functions: [] })
  })

  test('stays on one, perhaps another, and no other function comes to one', async () => {
    const server = await start()
    await server.create('f', on('p', { PerExecutionEnvironmentMaxConcurrency: 5 }))
    await server.create('plain')
    const refused = await server.refusal('UpdateFunctionConfiguration', { FunctionName: 'plain', ...on('p') })
    expect(refused).toMatchObject({ type: 'InvalidParameterValueException', status: 400 })
    const moved = await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', ...on('q') })
    expect(moved).toMatchObject(on('q', { PerExecutionEnvironmentMaxConcurrency: 5 }))
    await server.lifecycle.settled()
    const missing = await server.refusal('UpdateFunctionConfiguration', { FunctionName: 'f', ...on('none') })
    expect(missing).toMatchObject({ status: 404, message: `Capacity provider not found: ${providerArn}:none` })
    const small = await server.refusal('UpdateFunctionConfiguration', { FunctionName: 'f', MemorySize: 512 })
    expect(small.status).toBe(400)
    expect(await server.call('GetFunctionConfiguration', { FunctionName: 'f' })).toMatchObject({
      ...on('q'),
      MemorySize: 2048,
    })
  })

  test('has neither reserved nor provisioned concurrency', async () => {
    const server = await start()
    await server.create('f', { ...on('p'), Publish: true })
    const reserve = { FunctionName: 'f', ReservedConcurrentExecutions: 1 }
    expect((await server.refusal('PutFunctionConcurrency', reserve)).status).toBe(400)
    const provision = { FunctionName: 'f', Qualifier: '1', ProvisionedConcurrentExecutions: 1 }
    expect((await server.refusal('PutProvisionedConcurrencyConfig', provision)).status).toBe(400)
  })

  test('answers 202 to its deletion, and to that of a version', async () => {
    const server = await start()
    await server.create('f', { ...on('p'), Publish: true })
    expect(await server.call('DeleteFunction', { FunctionName: 'f', Qualifier: '1' })).toEqual({ StatusCode: 202 })
    expect(await server.call('DeleteFunction', { FunctionName: 'f' })).toEqual({ StatusCode: 202 })
    await server.create('plain')
    expect(await server.call('DeleteFunction', { FunctionName: 'plain' })).toEqual({})
  })
})

describe('$LATEST.PUBLISHED', () => {
  test('is pending until its environments are initialised, and is then what an unqualified name runs', async () => {
    const { promise, resolve: initialise } = Promise.withResolvers<undefined>()
    const server = await start({ initialise: () => promise })
    await server.create('f', on('p'))
    const shown = await server.call('PublishVersion', toLatestPublished)
    expect(shown).toMatchObject({
      FunctionArn: `${arn}:f:${published}`,
      Version: published,
      State: 'Pending',
      StateReason: 'The function is being created.',
      StateReasonCode: 'Creating',
      ...on('p'),
    })
    expect(shown['LastUpdateStatus']).toBeUndefined()
    await expect(resolve(server)).rejects.toMatchObject({ status: 409 })
    const again = await server.refusal('PublishVersion', toLatestPublished)
    expect(again.status).toBe(409)
    initialise(undefined)
    await server.lifecycle.settled()
    expect(await server.call('GetFunction', { FunctionName: 'f', Qualifier: published })).toMatchObject({
      Configuration: { FunctionArn: `${arn}:f:${published}`, State: 'Active', LastUpdateStatus: 'Successful' },
    })
    const { executedVersion, invokedArn } = await resolve(server)
    expect([executedVersion, invokedArn]).toEqual([published, `${arn}:f`])
  })

  test('is made with the function, and stays the same when nothing changed', async () => {
    const server = await start()
    const created = await server.call(
      'CreateFunction',
      await newFunction('f', { ...on('p'), Publish: true, PublishTo: 'LATEST_PUBLISHED' }),
    )
    expect(created).toMatchObject({ FunctionArn: `${arn}:f`, Version: published, State: 'Pending' })
    await server.lifecycle.settled()
    const { RevisionId } = await server.call('GetFunctionConfiguration', { FunctionName: 'f', Qualifier: published })
    expect(await server.call('PublishVersion', toLatestPublished)).toMatchObject({ RevisionId, State: 'Active' })
    const numbered = await server.call('PublishVersion', { FunctionName: 'f' })
    expect(numbered).toMatchObject({ Version: '1', State: 'Pending' })
    await server.lifecycle.settled()
    const { Versions } = await server.call('ListVersionsByFunction', { FunctionName: 'f' })
    expect((Versions as { FunctionArn: string }[]).map((each) => each.FunctionArn)).toEqual(
      ['$LATEST', published, '1'].map((version) => `${arn}:f:${version}`),
    )
    const first = await server.call('ListVersionsByFunction', { FunctionName: 'f', MaxItems: 2 })
    const rest = await server.call('ListVersionsByFunction', { FunctionName: 'f', Marker: first['NextMarker'] })
    expect(rest).toMatchObject({ Versions: [{ Version: '1' }] })
  })

  test('goes on running the old code until its replacement is active, and then never again', async () => {
    let gate = Promise.resolve()
    const server = await start({ initialise: () => gate })
    await server.create('f', { ...on('p'), Publish: true, PublishTo: 'LATEST_PUBLISHED' })
    const before = (await resolve(server)).version
    const { promise, resolve: open } = Promise.withResolvers<undefined>()
    gate = promise
    const ZipFile = await zipOf('two')
    const updated = await server.call('UpdateFunctionCode', {
      ...{ FunctionName: 'f', ZipFile, Publish: true, PublishTo: 'LATEST_PUBLISHED' },
    })
    expect(updated).toMatchObject({ Version: published, State: 'Active', LastUpdateStatus: 'InProgress' })
    expect((await resolve(server)).version.code).toEqual(before.code)
    server.drained.length = 0
    open(undefined)
    await server.lifecycle.settled()
    const after = (await resolve(server)).version
    expect(after.code.sha256).toBe(updated['CodeSha256'])
    expect(server.drained).toContain(`f:${published}:${before.generation}`)
    expect(server.drained).not.toContain(`f:${published}:${after.generation}`)
  })

  test('keeps what ran before when its replacement cannot be initialised', async () => {
    let fault: Error | undefined
    const server = await start({ initialise: () => (fault === undefined ? Promise.resolve() : Promise.reject(fault)) })
    await server.create('f', { ...on('p'), Publish: true, PublishTo: 'LATEST_PUBLISHED' })
    const before = (await resolve(server)).version
    fault = new PreparationFailed('It exits.', 'FunctionError.RuntimeInitError')
    await server.call('UpdateFunctionCode', { FunctionName: 'f', ZipFile: await zipOf('two') })
    await server.lifecycle.settled()
    await server.call('PublishVersion', toLatestPublished)
    await server.lifecycle.settled()
    const failed = { LastUpdateStatus: 'Failed', LastUpdateStatusReasonCode: 'FunctionError.RuntimeInitError' }
    expect(await server.call('GetFunctionConfiguration', { FunctionName: 'f', Qualifier: published })).toMatchObject(
      failed,
    )
    expect((await resolve(server)).version.generation).toBe(before.generation)
    fault = undefined
    await server.call('PublishVersion', toLatestPublished)
    await server.lifecycle.settled()
    expect((await resolve(server)).version.code).not.toEqual(before.code)
  })

  test('is a qualifier of policies, aliases, event configs and permissions, and is deleted as a version', async () => {
    const server = await start()
    await server.create('f', { ...on('p'), Publish: true, PublishTo: 'LATEST_PUBLISHED' })
    const it = { FunctionName: 'f', Qualifier: published }
    const statement = { StatementId: 's', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' }
    const { Statement } = await server.call('AddPermission', { ...it, ...statement })
    expect(JSON.parse(Statement as string)).toMatchObject({ Resource: `${arn}:f:${published}` })
    await server.call('PutFunctionEventInvokeConfig', { ...it, MaximumRetryAttempts: 0 })
    expect(await server.call('GetFunctionEventInvokeConfig', it)).toMatchObject({
      FunctionArn: `${arn}:f:${published}`,
    })
    await server.call('CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: published })
    expect((await resolve(server, 'live')).executedVersion).toBe(published)
    expect((await server.refusal('DeleteFunction', it)).status).toBe(409)
    await server.call('DeleteAlias', { FunctionName: 'f', Name: 'live' })
    await server.call('DeleteFunction', it)
    expect((await server.refusal('GetFunction', it)).status).toBe(404)
    await expect(resolve(server)).rejects.toMatchObject({ name: 'NoPublishedVersionException' })
  })

  test('is only for functions on a capacity provider', async () => {
    const server = await start()
    await server.create('f')
    const refusal = { type: 'InvalidParameterValueException', status: 400 }
    expect(await server.refusal('PublishVersion', toLatestPublished)).toMatchObject(refusal)
    const update = { ...toLatestPublished, ZipFile: await zipOf('two'), Publish: true }
    expect(await server.refusal('UpdateFunctionCode', update)).toMatchObject(refusal)
    const creation = await newFunction('g', { Publish: true, PublishTo: 'LATEST_PUBLISHED' })
    expect(await server.refusal('CreateFunction', creation)).toMatchObject(refusal)
    expect((await server.call('ListFunctions'))['Functions']).toHaveLength(1)
  })
})

describe('a published version that cannot be initialised', () => {
  test.each([
    ['on a capacity provider', on('p')],
    ['with SnapStart', { SnapStart: { ApplyOn: 'PublishedVersions' } }],
  ])('%s is Failed with the reason, and is published anew', async (_case, members) => {
    let fault: Error | undefined = new PreparationFailed('It exits.', 'FunctionError.RuntimeInitError')
    const server = await start({ initialise: () => (fault === undefined ? Promise.resolve() : Promise.reject(fault)) })
    await server.create('f', members)
    await server.call('PublishVersion', { FunctionName: 'f' })
    await server.lifecycle.settled()
    const failed = { State: 'Failed', StateReason: 'It exits.', StateReasonCode: 'FunctionError.RuntimeInitError' }
    const version = { FunctionName: 'f', Qualifier: '1' }
    expect(await server.call('GetFunctionConfiguration', version)).toMatchObject(failed)
    await expect(resolve(server, '1')).rejects.toMatchObject({ status: 409 })
    fault = undefined
    expect(await server.call('PublishVersion', { FunctionName: 'f' })).toMatchObject({ Version: '2' })
    await server.lifecycle.settled()
    expect((await resolve(server, '2')).executedVersion).toBe('2')
  })
})

test('a version with SnapStart is optimised once it is active, and $LATEST never', async () => {
  const server = await start()
  const latest = await server.create('f', { SnapStart: { ApplyOn: 'PublishedVersions' } })
  const snapStart = (status: string) => ({ SnapStart: { ApplyOn: 'PublishedVersions', OptimizationStatus: status } })
  expect(latest).toMatchObject({ ...snapStart('Off'), State: 'Active' })
  expect(await server.call('PublishVersion', { FunctionName: 'f' })).toMatchObject({
    ...snapStart('Off'),
    State: 'Pending',
  })
  await server.lifecycle.settled()
  expect(await server.call('GetFunctionConfiguration', { FunctionName: 'f', Qualifier: '1' })).toMatchObject({
    ...snapStart('On'),
    State: 'Active',
  })
})

describe('function versions on a capacity provider', () => {
  const list = (server: ControlPlaneHarness, members: object = {}) =>
    server.call('ListFunctionVersionsByCapacityProvider', { CapacityProviderName: 'p', ...members })

  test('are listed with their states, page by page', async () => {
    const server = await start()
    await server.create('a', { ...on('p'), Publish: true, PublishTo: 'LATEST_PUBLISHED' })
    await server.create('b', { ...on('p'), Publish: true })
    await server.create('elsewhere', on('q'))
    const all = [
      ...[`a:$LATEST ActiveNonInvocable`, `a:${published} Active`],
      ...[`b:$LATEST ActiveNonInvocable`, `b:1 Active`],
    ]
    const listed: string[] = []
    let Marker: string | undefined
    do {
      const page = await list(server, { MaxItems: 1, ...(Marker === undefined ? {} : { Marker }) })
      expect(page).toMatchObject({ CapacityProviderArn: `${providerArn}:p` })
      for (const { FunctionArn, State } of page['FunctionVersions'] as { FunctionArn: string; State: string }[]) {
        listed.push(`${FunctionArn.slice(`${arn}:`.length)} ${State}`)
      }
      Marker = page['NextMarker'] as string | undefined
    } while (Marker !== undefined)
    expect(listed).toEqual(all)
  })

  test('keep it from being deleted until the last is gone', async () => {
    const server = await start()
    await server.create('f', { ...on('p'), Publish: true })
    await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', ...on('q') })
    await server.lifecycle.settled()
    expect((await list(server))['FunctionVersions']).toEqual([{ FunctionArn: `${arn}:f:1`, State: 'Active' }])
    const refused = await server.refusal('DeleteCapacityProvider', { CapacityProviderName: 'p' })
    expect(refused).toMatchObject({ type: 'ResourceConflictException', status: 409 })
    await server.call('DeleteFunction', { FunctionName: 'f', Qualifier: '1' })
    expect(await server.call('DeleteCapacityProvider', { CapacityProviderName: 'p' })).toMatchObject({
      CapacityProvider: { State: 'Deleting' },
    })
  })

  test('never come to a provider that is deleted at the same moment', async () => {
    const server = await start()
    for (let round = 0; round < 20; round++) {
      const [created] = await Promise.allSettled([
        server.call('CreateFunction', await newFunction('f', on('p'))),
        server.call('DeleteCapacityProvider', { CapacityProviderName: 'p' }),
      ])
      const provider = await server.call('GetCapacityProvider', { CapacityProviderName: 'p' }).catch(() => undefined)
      expect(provider === undefined).toBe(created.status === 'rejected')
      await server.lifecycle.settled()
      if (created.status === 'fulfilled') await server.call('DeleteFunction', { FunctionName: 'f' })
      if (provider !== undefined) continue
      await server.call('CreateCapacityProvider', {
        CapacityProviderName: 'p',
        VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: [] },
        PermissionsConfig: { CapacityProviderOperatorRoleArn: 'arn:aws:iam::000000000000:role/r' },
      })
    }
  })
})

describe('a scaling config', () => {
  const version = { FunctionName: 'f', Qualifier: published }
  const put = (server: ControlPlaneHarness, FunctionScalingConfig: object) =>
    server.call('PutFunctionScalingConfig', { ...version, FunctionScalingConfig })
  const startPublished = async () => {
    const server = await start()
    await server.create('f', { ...on('p'), Publish: true, PublishTo: 'LATEST_PUBLISHED' })
    return server
  }

  test('is three environments without a bound unless it is put', async () => {
    const server = await startPublished()
    expect(await server.call('GetFunctionScalingConfig', version)).toEqual({
      FunctionArn: `${arn}:f:${published}`,
      AppliedFunctionScalingConfig: { MinExecutionEnvironments: 3 },
    })
    const bounds = { MinExecutionEnvironments: 1, MaxExecutionEnvironments: 9 }
    expect(await put(server, bounds)).toEqual({ FunctionState: 'Active' })
    expect(await server.call('GetFunctionScalingConfig', version)).toEqual({
      FunctionArn: `${arn}:f:${published}`,
      AppliedFunctionScalingConfig: bounds,
      RequestedFunctionScalingConfig: bounds,
    })
  })

  test('of no environments switches the version off, and another one on again', async () => {
    const server = await startPublished()
    const none = { MinExecutionEnvironments: 0, MaxExecutionEnvironments: 0 }
    expect(await put(server, none)).toEqual({ FunctionState: 'Deactivated' })
    await expect(resolve(server)).rejects.toMatchObject({ status: 409 })
    expect(await put(server, { MinExecutionEnvironments: 1 })).toEqual({ FunctionState: 'Pending' })
    await server.lifecycle.settled()
    expect((await resolve(server)).version.state).toBe('Active')
  })

  test('is refused where it makes no sense, and changes nothing then', async () => {
    const server = await startPublished()
    for (const bounds of [
      { MinExecutionEnvironments: 2, MaxExecutionEnvironments: 1 },
      { MinExecutionEnvironments: 0, MaxExecutionEnvironments: 1 },
      { MinExecutionEnvironments: 0 },
    ]) {
      const refused = await server.refusal('PutFunctionScalingConfig', { ...version, FunctionScalingConfig: bounds })
      expect(refused.status).toBe(400)
    }
    const shown = await server.call('GetFunctionScalingConfig', version)
    expect(shown['RequestedFunctionScalingConfig']).toBeUndefined()
    await server.create('plain', { Publish: true })
    const plain = { FunctionName: 'plain', Qualifier: '1' }
    for (const operation of ['GetFunctionScalingConfig', 'PutFunctionScalingConfig'] as const) {
      expect(await server.refusal(operation, plain)).toMatchObject({
        type: 'AccessDeniedException',
        message: 'The function provided by the arn does not contain a capacity provider configuration',
      })
      const unknown = await server.refusal(operation, { FunctionName: 'plain', Qualifier: '2' })
      expect(unknown).toMatchObject({ status: 404, message: `Function not found: ${arn}:plain:2` })
    }
  })
})
