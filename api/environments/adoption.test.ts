import { expect, test } from '@jest/globals'
import { createAdoption } from './adoption.ts'
import type { FoundEnvironment } from './driver.ts'
import { ownLeases, type ClaimOptions } from './leases.ts'
import { standInSpec } from './testing/stand-in-driver.ts'

/** Environments of which some are a living server's, and which say when they were ended. */
function world(found: readonly FoundEnvironment[], held: readonly string[]) {
  const ended: string[] = []
  const adoption = createAdoption({
    shared: {
      list: () => Promise.resolve([...found]),
      exists: () => true,
      takeOver: () => Promise.reject(new Error('nothing is taken over')),
      end: (id) => void ended.push(id),
    },
    scheduler: { holds: () => false, adopt: () => undefined },
    specOf: (functionName) => Promise.resolve(functionName === 'there' ? { ...standInSpec, key: 'new' } : undefined),
    leases: {
      ...ownLeases(() => Promise.resolve(1)),
      claim: (id, options: ClaimOptions = {}) =>
        Promise.resolve(!held.includes(id) && options.isParkedFree === true ? 'claimed' : 'held'),
    },
    log: { info: () => undefined, warn: () => undefined },
  })
  return { adoption, ended }
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
