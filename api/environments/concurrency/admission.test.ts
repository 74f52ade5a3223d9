import { beforeEach, expect, test } from '@jest/globals'
import { createAdmission, type Admission } from './admission.ts'
import { countConcurrency, type Concurrency } from './concurrency.ts'
import { fakeSpec } from '../testing/fake-environments.ts'

const spec = { ...fakeSpec, reserved: 1 }
let concurrency: Concurrency
let admission: Admission

beforeEach(() => {
  concurrency = countConcurrency(10)
  admission = createAdmission(concurrency)
})

/** An environment that was found, as far as limits are concerned, and how to end what it runs. */
function found(isFree: boolean) {
  const [freed, gone] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
  const environment = { isFree, freed: freed.promise, gone: gone.promise }
  return { environment, free: () => freed.resolve(undefined), lose: () => gone.resolve(undefined) }
}
const over = () => new Promise(setImmediate)

test.each(['free', 'lose'] as const)('an invocation found in an environment counts until it ends: %s', async (end) => {
  const busy = found(false)
  await admission.enter(spec)
  await admission.takeOver(spec, () => Promise.resolve(busy.environment))
  expect(concurrency.running()).toBe(2)
  busy[end]()
  await over()
  expect(concurrency.running()).toBe(1)
  expect(() => admission.enter(spec)).toThrow()
})

test('while an environment is taken over it counts, and no longer when it runs nothing', async () => {
  const idle = found(true)
  await admission.takeOver(spec, () => {
    expect(() => admission.enter(spec)).toThrow()
    return Promise.resolve(idle.environment)
  })
  expect(concurrency.running()).toBe(0)
})

test('one that cannot be taken over, or is not, counts no more', async () => {
  await expect(admission.takeOver(spec, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost')
  await admission.takeOver(spec, () => Promise.resolve(undefined))
  expect(concurrency.running()).toBe(0)
})

test('an invocation in a provisioned environment holds a permit of provisioned concurrency', async () => {
  const provisioned = { ...fakeSpec, reserved: 1, provisioned: 1, isProvisioned: true }
  await admission.takeOver(provisioned, () => Promise.resolve(found(false).environment))
  await admission.enter(provisioned)
  await expect(admission.enter(provisioned)).rejects.toMatchObject({ status: 429 })
})

test('is quiet when nothing runs any more, what was found among it', async () => {
  const busy = found(false)
  const scope = await admission.enter(fakeSpec)
  await admission.takeOver(fakeSpec, () => Promise.resolve(busy.environment))
  const quiet = admission.quiet()
  admission.leave(scope)
  busy.free()
  await quiet
  expect(concurrency.running()).toBe(0)
  await admission.quiet()
})
