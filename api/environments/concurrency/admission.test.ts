import { beforeEach, expect, test } from '@jest/globals'
import { createClaims, type Claims } from './admission.ts'
import { countConcurrency, type Concurrency } from './concurrency.ts'
import { standInSpec } from '../testing/fake-environments.ts'

const spec = { ...standInSpec, reserved: 1 }
let concurrency: Concurrency
let claims: Claims

beforeEach(() => {
  concurrency = countConcurrency(10)
  claims = createClaims(concurrency)
})

/** An environment that was found, as far as limits are concerned, and how to end what it runs. */
function found(isFree: boolean) {
  const [freed, gone] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
  const environment = { isFree, freed: freed.promise, gone: gone.promise }
  return { environment, free: () => freed.resolve(undefined), lose: () => gone.resolve(undefined) }
}
const over = () => new Promise(setImmediate)

test.each(['free', 'lose'] as const)('what an environment is found to run counts until it is over: %s', async (end) => {
  const busy = found(false)
  await claims.enter(spec)
  await claims.takeOver(spec, () => Promise.resolve(busy.environment))
  expect(concurrency.running()).toBe(2)
  busy[end]()
  await over()
  expect(concurrency.running()).toBe(1)
  expect(() => claims.enter(spec)).toThrow()
})

test('while an environment is taken over it counts, and no longer when it runs nothing', async () => {
  const idle = found(true)
  await claims.takeOver(spec, () => {
    expect(() => claims.enter(spec)).toThrow()
    return Promise.resolve(idle.environment)
  })
  expect(concurrency.running()).toBe(0)
})

test('one that cannot be taken over, or is not, counts no more', async () => {
  await expect(claims.takeOver(spec, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost')
  await claims.takeOver(spec, () => Promise.resolve(undefined))
  expect(concurrency.running()).toBe(0)
})

test('what runs in one that is kept initialised has a place of those', async () => {
  const provisioned = { ...standInSpec, reserved: 1, provisioned: 1, isProvisioned: true }
  await claims.takeOver(provisioned, () => Promise.resolve(found(false).environment))
  await claims.enter(provisioned)
  await expect(claims.enter(provisioned)).rejects.toMatchObject({ status: 429 })
})

test('is quiet when nothing runs any more, what was found among it', async () => {
  const busy = found(false)
  const claim = await claims.enter(standInSpec)
  await claims.takeOver(standInSpec, () => Promise.resolve(busy.environment))
  const quiet = claims.quiet()
  claims.leave(claim)
  busy.free()
  await quiet
  expect(concurrency.running()).toBe(0)
  await claims.quiet()
})
