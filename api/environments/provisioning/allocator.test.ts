import { expect, test } from '@jest/globals'
import { attach } from '../../functions/function/attachment.ts'
import { fakeCatalogue } from '../../functions/catalogue/catalogue.fake.ts'
import type { FunctionRecord, FunctionVersion } from '../../functions/function/function.ts'
import { aFunction, aVersion } from '../../functions/testing/samples.ts'
import type { EnvironmentSpec } from '../driver/driver.ts'
import type { ProvisionShares } from './provision-shares.ts'
import { createProvisioning } from './allocator.ts'

/** Environments that come when the test says so. */
function startProvisioning(shares?: ProvisionShares) {
  const catalogue = fakeCatalogue()
  const [wanted, there, come] = [new Map<string, number>(), new Map<string, number>(), new Map<string, () => void>()]
  const failed = new Set<string>()
  const specs = new Map<string, EnvironmentSpec & { readonly count: number }>()
  const scheduler = {
    provision: (spec: EnvironmentSpec, count: number) => {
      const { key, version } = spec
      specs.set(key, { ...spec, count })
      wanted.set(version, count)
      if (count === 0) there.delete(key)
      if (count === 0) return Promise.resolve()
      return new Promise<void>((resolve) => {
        come.set(version, () => {
          there.set(key, count)
          resolve()
        })
      })
    },
    provisioned: (key: string) => ({ initialised: there.get(key) ?? 0, isFailed: failed.has(key) }),
  }
  const onFault = (_message: string, cause: unknown) => {
    throw cause
  }
  const save = async (record: FunctionRecord) => {
    const revision = (await catalogue.find('f'))?.revision ?? 0
    await catalogue.save({ record, versions: [aVersion('1'), aVersion('2')], expectedRevision: revision })
    return record
  }
  const provisioning = createProvisioning({
    catalogue,
    scheduler,
    onFault,
    ...(shares === undefined ? {} : { shares }),
  })
  return { catalogue, wanted, come, save, provisioning, specs }
}

const config = { requested: 2, allocationId: 'a', lastModifiedMs: 0 }
const alias = (functionVersion: string) => ({
  name: 'live',
  functionVersion,
  description: '',
  revisionId: 'r',
  weights: {},
})
const withAlias = (version: string) =>
  attach({ ...aFunction('f'), versions: ['1', '2'], aliases: { live: alias(version) } }, 'provisioned', 'live', config)

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

test('the config of an alias that moves keeps its old counts until the new version is there', async () => {
  const { wanted, come, save, provisioning } = startProvisioning()
  const first = await save(withAlias('1'))
  // As after a start of the server.
  await provisioning.start()
  await until(() => come.has('1'))
  expect(await provisioning.allocationOf(first, 'live')).toEqual({ status: 'IN_PROGRESS', allocated: 0 })
  come.get('1')?.()
  await until(async () => (await provisioning.allocationOf(first, 'live')).status === 'READY')

  const second = await save(withAlias('2'))
  provisioning.refresh('f')
  await until(() => come.has('2'))
  expect(await provisioning.allocationOf(second, 'live')).toEqual({ status: 'IN_PROGRESS', allocated: 2 })
  expect(wanted.get('1')).toBe(2)
  come.get('2')?.()
  await until(() => wanted.get('1') === 0)
  expect(await provisioning.allocationOf(second, 'live')).toEqual({ status: 'READY', allocated: 2 })
})

test('reservations follow the records of their functions', async () => {
  const { catalogue, come, save, provisioning } = startProvisioning()
  await save(withAlias('1'))
  await provisioning.start()
  expect(provisioning.committed()).toBe(2)
  await save({ ...withAlias('1'), reservedConcurrency: 5 })
  provisioning.refresh('f')
  await until(() => provisioning.committed() === 5)
  await catalogue.remove('f', (await catalogue.find('f'))?.revision ?? 0)
  provisioning.refresh('f')
  await until(() => provisioning.committed() === 0)
  for (const arrive of come.values()) arrive()
})

test('missed changes are found at the next start: new, reduced and deleted configurations', async () => {
  const { catalogue, wanted, come, save, provisioning } = startProvisioning()
  await save(withAlias('1'))
  await provisioning.start()
  await until(() => come.has('1'))
  come.get('1')?.()
  await save({ ...withAlias('2'), reservedConcurrency: 5 })
  await provisioning.start()
  await until(() => come.has('2'))
  expect(provisioning.committed()).toBe(5)
  come.get('2')?.()
  await until(() => wanted.get('1') === 0)
  await save({ ...aFunction('f'), versions: ['1', '2'] })
  await provisioning.start()
  await until(() => wanted.get('2') === 0)

  await save({ ...withAlias('1'), reservedConcurrency: 7 })
  await provisioning.start()
  await until(() => wanted.get('1') === 2)
  come.get('1')?.()
  await catalogue.remove('f', (await catalogue.find('f'))?.revision ?? 0)
  await provisioning.start()
  await until(() => wanted.get('1') === 0 && provisioning.committed() === 0)
})

test('a server keeps its share, and is ready when all servers together are', async () => {
  const others = { initialised: 0, isFailed: false }
  const told: unknown[] = []
  const world = { share: 1, change: (): void => undefined }
  const shares: ProvisionShares = {
    shareOf: () => world.share,
    report: (_key, state) => Promise.resolve(void told.push(state)),
    othersOf: () => Promise.resolve(others),
    onChange: (listener) => (world.change = listener),
  }
  const { wanted, come, save, provisioning } = startProvisioning(shares)
  const record = await save(withAlias('1'))
  await provisioning.start()
  await until(() => come.has('1'))
  expect(wanted.get('1')).toBe(1)
  come.get('1')?.()
  await until(() => told.length === 1)
  expect(told).toEqual([{ initialised: 1, isFailed: false }])
  expect(await provisioning.allocationOf(record, 'live')).toEqual({ status: 'IN_PROGRESS', allocated: 1 })
  others.initialised = 1
  expect(await provisioning.allocationOf(record, 'live')).toEqual({ status: 'READY', allocated: 2 })
  others.isFailed = true
  expect(await provisioning.allocationOf(record, 'live')).toHaveProperty('status', 'FAILED')

  // The other server is no more.
  world.share = 2
  world.change()
  await until(() => wanted.get('1') === 2)
  come.get('1')?.()
})

test('versions on a capacity provider have what their scaling keeps, and what is replaced has it until then', async () => {
  const { catalogue, come, provisioning, specs } = startProvisioning()
  const capacityProvider = { arn: 'arn:aws:lambda:us-east-1:000000000000:capacity-provider:p' }
  const managed = (version: string, changes: Partial<FunctionVersion> = {}): FunctionVersion => {
    const sample = aVersion(version)
    return { ...sample, settings: { ...sample.settings, capacityProvider }, ...changes }
  }
  const published = '$LATEST.PUBLISHED'
  const capacity = { $LATEST: 'p', [published]: 'p' }
  const record = { ...aFunction('f'), latest: managed('$LATEST'), versions: [published], capacity }
  const save = async (saved: FunctionRecord, version: FunctionVersion) => {
    const expectedRevision = (await catalogue.find('f'))?.revision ?? 0
    await catalogue.save({ record: saved, versions: [version], expectedRevision })
  }
  await save(record, managed(published))
  await provisioning.start()
  await until(() => come.has(published))
  expect([...specs.values()]).toMatchObject([{ count: 3, managed: {}, initializationType: 'lambda-managed-instances' }])
  come.get(published)?.()
  await until(() => provisioning.isScaled(record, published))

  const bounds = { minimumEnvironments: 1, maximumEnvironments: 4 }
  const scaled = attach(record, 'scaling', published, bounds)
  const replacing = { generation: 'next', updateStatus: 'InProgress', serving: managed(published) } as const
  await save(scaled, managed(published, replacing))
  provisioning.refresh('f')
  await until(() => specs.size === 2)
  expect([...specs.values()]).toMatchObject([
    { count: 1, managed: { maximum: 4 } },
    { count: 1, managed: { maximum: 4 } },
  ])
  await save(scaled, managed(published, { generation: 'next' }))
  provisioning.refresh('f')
  await until(() => {
    come.get(published)?.()
    return specs.get('f:$LATEST.PUBLISHED:g')?.count === 0
  })
  expect(provisioning.committed()).toBe(0)
})
