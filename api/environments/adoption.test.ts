import { expect, test } from '@jest/globals'
import { createAdoption } from './adoption.ts'
import type { FoundEnvironment } from './driver.ts'
import { ownLeases, type ClaimOptions } from './leases.ts'
import { standInSpec } from './testing/stand-in-driver.ts'

/** Environments of which some are a living server's, or being taken by this one, and which say what became of them. */
function world(
  found: readonly FoundEnvironment[],
  held: readonly string[],
  { taking = [] as readonly string[], isDead = false } = {},
) {
  const ended: string[] = []
  const asked: string[] = []
  const claimed: string[] = []
  const adoption = createAdoption({
    shared: {
      list: () => Promise.resolve([...found]),
      exists: () => true,
      takeOver: (id, { key }) => {
        asked.push(`${id} as ${key}`)
        return Promise.reject(new Error('nothing is taken over'))
      },
      end: (id) => void ended.push(id),
    },
    scheduler: { holds: (id) => claimed.includes(id) && taking.includes(id), adopt: () => undefined },
    specOf: (functionName) => Promise.resolve(functionName === 'there' ? { ...standInSpec, key: 'new' } : undefined),
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
  return { adoption, ended, asked }
}

const environment = (id: string, functionName: string, key: string): FoundEnvironment => ({
  id,
  functionName,
  version: '$LATEST',
  key,
})

test('what waits of a deleted function is ended at once, and nothing of another function or server', async () => {
  const found = [environment('a', 'gone', 'old'), environment('b', 'gone', 'old'), environment('c', 'other', 'old')]
  const { adoption, ended } = world(found, ['b'])
  await adoption.endStale('gone')
  expect(ended).toEqual(['a'])
})

test('what waits of code before an update is ended at once, and nothing that serves', async () => {
  const { adoption, ended } = world([environment('a', 'there', 'old'), environment('b', 'there', 'new')], [])
  await adoption.endStale('there')
  expect(ended).toEqual(['a'])
})

test("what waits for a tenant is of the current version, too, and is gone on with as that tenant's", async () => {
  const waits = world([environment('a', 'there', 'new:tenant'), environment('b', 'there', 'newer')], [])
  await waits.adoption.endStale('there')
  expect(waits.ended).toEqual(['b'])
  const dead = world([environment('a', 'there', 'new:tenant')], [], { isDead: true })
  await dead.adoption.look()
  expect(dead.asked).toEqual(['a as new:tenant'])
})

test('what this server takes for an invocation just now is left alone', async () => {
  const { adoption, ended, asked } = world([environment('a', 'there', 'new')], [], { taking: ['a'] })
  await adoption.look()
  expect([ended, asked]).toEqual([[], []])
})
