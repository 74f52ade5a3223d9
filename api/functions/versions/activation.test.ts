import { describe, expect, test } from '@jest/globals'
import { storeUnavailable } from '../../errors.ts'
import { createActivation } from './activation.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { fakeCatalogue } from '../catalogue/catalogue.fake.ts'
import type { FunctionVersion } from '../function/function.ts'
import { aFunction, aVersion } from '../testing/samples.ts'

const pending: FunctionVersion = { ...aVersion('$LATEST'), state: 'Pending' }

/** One server's activation; the test decides when preparations end. */
function aServer(catalogue: Catalogue, prepare: () => Promise<void> = () => Promise.resolve()) {
  let ids = 0
  const faults: unknown[] = []
  let prepared = 0
  const activation = createActivation({
    accountId: '000000000000',
    region: 'us-east-1',
    catalogue,
    prepare: () => {
      prepared++
      return prepare()
    },
    initialise: () => Promise.resolve(),
    drain: () => undefined,
    onFault: (_, cause) => void faults.push(cause),
    stamp: { nowMs: () => 1, newId: () => `id ${String(++ids)} ${String(Math.random())}` },
  })
  return { ...activation, faults, prepared: () => prepared }
}

async function withPendingFunction(): Promise<Catalogue> {
  const catalogue = fakeCatalogue()
  await catalogue.save({ record: aFunction('f', { latest: pending }), expectedRevision: 0 })
  return catalogue
}

describe('deployments that several servers complete', () => {
  test('are completed once, and late servers change nothing', async () => {
    const catalogue = await withPendingFunction()
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const [first, second] = [aServer(catalogue), aServer(catalogue, () => held)]
    await Promise.all([first.resume(), second.resume()])
    await first.settled()
    const completed = await catalogue.find('f')
    expect(completed?.value.latest).toMatchObject({ state: 'Active', updateStatus: 'Successful' })
    release()
    await second.settled()
    expect(await catalogue.find('f')).toEqual(completed)
    expect([first.prepared(), second.prepared()]).toEqual([1, 1])
    expect([...first.faults, ...second.faults]).toEqual([])
  })

  test('are taken over from a dead server, once they were incomplete in two rounds', async () => {
    const catalogue = await withPendingFunction()
    const server = aServer(catalogue)
    await server.takeOver()
    await server.settled()
    expect((await catalogue.find('f'))?.value.latest.state).toBe('Pending')
    await server.takeOver()
    await server.settled()
    expect((await catalogue.find('f'))?.value.latest.state).toBe('Active')
  })

  test('are not taken over while this server completes them', async () => {
    const catalogue = await withPendingFunction()
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const server = aServer(catalogue, () => held)
    await server.resume()
    for (let round = 0; round < 3; round++) await server.takeOver()
    expect(server.prepared()).toBe(1)
    release()
    await server.settled()
  })
})

describe('deployments while the store is unavailable', () => {
  test('are completed once it is available again, whatever could not be stored', async () => {
    const catalogue = await withPendingFunction()
    const refusals = { prepare: 1, save: 1 }
    const failing: Catalogue = {
      ...catalogue,
      save: (change) => (refusals.save-- > 0 ? Promise.reject(storeUnavailable('full')) : catalogue.save(change)),
    }
    const server = aServer(failing, () =>
      refusals.prepare-- > 0 ? Promise.reject(storeUnavailable('full')) : Promise.resolve(),
    )
    await server.resume()
    await server.settled()
    expect((await catalogue.find('f'))?.value.latest).toMatchObject({ state: 'Active', updateStatus: 'Successful' })
    expect(server.faults).toEqual([])
  })

  test('are left to the next server at shutdown', async () => {
    const catalogue = await withPendingFunction()
    const server = aServer(catalogue, () => Promise.reject(storeUnavailable('full')))
    await server.resume()
    await server.close()
    expect((await catalogue.find('f'))?.value.latest.state).toBe('Pending')
    expect(server.faults).toEqual([])
  })
})
