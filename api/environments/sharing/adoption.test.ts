import { expect, test } from '@jest/globals'
import { storeUnavailable } from '../../errors.ts'
import { createAdoption } from './adoption.ts'
import type { FoundEnvironment } from '../driver/driver.ts'
import { ownLeases, type ClaimOptions } from './leases.ts'
import { fakeSpec } from '../testing/fake-environments.ts'

/** Environments of which some are a living server's, or being taken by this one, and which say what became of them. */
function world(
  found: readonly FoundEnvironment[],
  held: readonly string[],
  { taking = [] as readonly string[], isDead = false, storeIsAway = false } = {},
) {
  const ended: string[] = []
  const steps: string[] = []
  const asked: string[] = []
  const claimed: string[] = []
  const adoption = createAdoption({
    shared: {
      list: () => Promise.resolve([...found]),
      exists: () => true,
      takeOver: (id, { key }) => {
        asked.push(`${id} as ${key}`)
        steps.push('takes over')
        return Promise.reject(new Error('nothing is taken over'))
      },
      end: (id) => void ended.push(id),
    },
    scheduler: {
      holds: (id) => claimed.includes(id) && taking.includes(id),
      adopt: async (_, takeOver) => {
        if (storeIsAway) throw storeUnavailable(new Error('gone'))
        await takeOver()
      },
    },
    concurrency: {
      lookForInherited: () => {
        steps.push('looks')
        return () => steps.push('inherited are free')
      },
    },
    specOf: (functionName) => Promise.resolve(functionName === 'there' ? { ...fakeSpec, key: 'new' } : undefined),
    leases: {
      ...ownLeases(() => Promise.resolve(1)),
      claim: (id, options: ClaimOptions = {}) => {
        claimed.push(id)
        const isFree = taking.includes(id) || (!held.includes(id) && (options.isParkedFree === true || isDead))
        return Promise.resolve(isFree ? 'claimed' : 'held')
      },
    },
    log: { info: () => undefined, warn: () => undefined },
  })
  return { adoption, ended, asked, steps }
}

const environment = (id: string, functionName: string, key: string): FoundEnvironment => ({
  id,
  functionName,
  version: '$LATEST',
  key,
})

test('idle environments of a deleted function end at once, and those of other functions and servers stay', async () => {
  const found = [environment('a', 'gone', 'old'), environment('b', 'gone', 'old'), environment('c', 'other', 'old')]
  const { adoption, ended } = world(found, ['b'])
  await adoption.endStale('gone')
  expect(ended).toEqual(['a'])
})

test('idle environments with old code end at once, and those that serve stay', async () => {
  const { adoption, ended } = world([environment('a', 'there', 'old'), environment('b', 'there', 'new')], [])
  await adoption.endStale('there')
  expect(ended).toEqual(['a'])
})

test('an idle environment of a tenant with the current version is adopted for that tenant', async () => {
  const waits = world([environment('a', 'there', 'new:tenant'), environment('b', 'there', 'newer')], [])
  await waits.adoption.endStale('there')
  expect(waits.ended).toEqual(['b'])
  const dead = world([environment('a', 'there', 'new:tenant')], [], { isDead: true })
  await dead.adoption.look()
  expect(dead.asked).toEqual(['a as new:tenant'])
})

test('an environment that this server is just taking for an invocation is left alone', async () => {
  const { adoption, ended, asked } = world([environment('a', 'there', 'new')], [], { taking: ['a'] })
  await adoption.look()
  expect([ended, asked]).toEqual([[], []])
})

test('permits of dead servers are released once all their environments were looked for', async () => {
  const { adoption, steps } = world([environment('a', 'there', 'new')], [], { isDead: true })
  await adoption.look()
  expect(steps).toEqual(['looks', 'takes over', 'inherited are free'])
})

test('a look that is asked for while another is under way begins behind it, once for all who ask', async () => {
  const { adoption, steps } = world([], [])
  const first = adoption.look()
  await Promise.all([first, first.then(() => adoption.look()), adoption.look(), adoption.look()])
  expect(steps).toEqual(['looks', 'inherited are free', 'looks', 'inherited are free'])
})

test('an environment whose lease cannot be stored is left for the next pass, and its permits stay held', async () => {
  const { adoption, ended, steps } = world([environment('a', 'there', 'new')], [], { isDead: true, storeIsAway: true })
  await expect(adoption.look()).rejects.toMatchObject({ status: 503 })
  expect([ended, steps]).toEqual([[], ['looks']])
})
