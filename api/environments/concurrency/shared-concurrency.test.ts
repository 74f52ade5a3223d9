import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { ConcurrencyScope, Concurrency } from './concurrency.ts'
import { fakeLedgers } from './permit-ledger.fake.ts'
import type { PermitRequest, PermitLedger, Share } from './permit-ledger.ts'
import { createSharedConcurrency } from './shared-concurrency.ts'

const f: ConcurrencyScope = { functionName: 'f', reserved: 2 }
const faults: string[] = []
let ledgers: ReturnType<typeof fakeLedgers>
let one: Concurrency
let other: Concurrency
let asked: PermitRequest[]
let oneLedger: PermitLedger

beforeEach(() => {
  ledgers = fakeLedgers()
  asked = []
  faults.length = 0
  oneLedger = ledgers.open()
  one = server(oneLedger)
  other = server(ledgers.open())
})
afterEach(() => Promise.all([one.close(), other.close()]))

function server(ledger: PermitLedger, keepMs = 3_600_000, areInheritedUsed = false): Concurrency {
  const acquire = (request: PermitRequest) => {
    asked.push(request)
    return ledger.acquire(request)
  }
  const onFault = (message: string) => void faults.push(message)
  const options = { accountLimit: 5, keepMs, graceMs: 1, turnMs: 0, areInheritedUsed, onFault }
  return createSharedConcurrency({ ledger: { ...ledger, acquire }, ...options })
}

test('an invocation after another of the same function asks nobody', async () => {
  await one.enter(f)
  one.leave(f)
  expect(one.enter(f)).toBeUndefined()
  expect(asked).toHaveLength(1)
  expect(one.running()).toBe(1)
})

test('over all servers no more run than the reserve, and the refusal is 429 with its reason', async () => {
  await one.enter(f)
  await other.enter(f)
  const Reason = 'ReservedFunctionConcurrentInvocationLimitExceeded'
  await expect(other.enter(f)).rejects.toMatchObject({ status: 429, members: { Reason } })
  await expect(one.enter(f)).rejects.toMatchObject({ status: 429, members: { Reason } })
  one.leave(f)
  expect(one.enter(f)).toBeUndefined()
})

test('the account as a whole is 429 with another reason', async () => {
  for (let index = 0; index < 5; index++) await one.enter({ functionName: 'g' })
  const Reason = 'ConcurrentInvocationLimitExceeded'
  await expect(other.enter({ functionName: 'h' })).rejects.toMatchObject({ status: 429, members: { Reason } })
})

test('invocations on a capacity provider count for its limit alone, and need no permit without one', async () => {
  for (let index = 0; index < 5; index++) await one.enter({ functionName: 'g' })
  const unlimited: ConcurrencyScope = { functionName: ':f:1', isOutside: true }
  asked.length = 0
  for (let index = 0; index < 9; index++) expect(one.enter(unlimited)).toBeUndefined()
  expect([asked.length, one.running()]).toEqual([0, 14])
  for (let index = 0; index < 9; index++) one.leave(unlimited)
  const limited: ConcurrencyScope = { ...unlimited, reserved: 1 }
  await other.enter(limited)
  const Reason = 'ConcurrentInvocationLimitExceeded'
  await expect(one.enter(limited)).rejects.toMatchObject({ status: 429, members: { Reason } })
  other.leave(limited)
  await one.enter(limited)
  await expect(one.enter({ functionName: 'h' })).rejects.toMatchObject({ status: 429 })
})

test('a permit that a server does not use is another one when it is wanted there', async () => {
  await one.enter(f)
  await one.enter(f)
  one.leave(f)
  await other.enter(f)
  expect(ledgers.held('f')).toBe(2)
})

test('a server that has all permits gives way to one that has none, at the end of an invocation', async () => {
  const single = { ...f, reserved: 1 }
  await one.enter(single)
  await expect(other.enter(single)).rejects.toMatchObject({ status: 429 })
  one.leave(single)
  expect(ledgers.held('f')).toBe(0)
  await other.enter(single)
  await expect(one.enter(single)).rejects.toMatchObject({ status: 429 })
  other.leave(single)
  await one.enter(single)
})

test('a server that has no more permits than another keeps them', async () => {
  await one.enter(f)
  await other.enter(f)
  await expect(other.enter(f)).rejects.toMatchObject({ status: 429 })
  one.leave(f)
  expect(one.enter(f)).toBeUndefined()
})

test('a server that yielded lets others acquire first', async () => {
  const single = { ...f, reserved: 1 }
  await one.enter(single)
  await expect(other.enter(single)).rejects.toMatchObject({ status: 429 })
  one.leave(single)
  const again = one.enter(single)
  await other.enter(single)
  await expect(again).rejects.toMatchObject({ status: 429 })
})

test('a lowered reserve counts at once for permits that were held before', async () => {
  await other.enter(f)
  await one.enter(f)
  one.leave(f)
  await expect(Promise.resolve(one.enter({ ...f, reserved: 1 }))).rejects.toMatchObject({ status: 429 })
})

test('permits that nobody needed for a while go back', async () => {
  const quick = server(ledgers.open(), 5)
  await quick.enter(f)
  expect(ledgers.held('f')).toBe(1)
  quick.leave(f)
  while (ledgers.held('f') > 0) await new Promise(setImmediate)
  await quick.close()
})

test('while the ledger is away, permits that nobody needs stay', async () => {
  let [isAway, sweeps] = [true, 0]
  const reach = () => {
    sweeps++
    return isAway ? Promise.reject(new Error('Redis is gone')) : Promise.resolve()
  }
  const ledger = ledgers.open()
  const held = server({ ...ledger, reach }, 5)
  await held.enter(f)
  held.leave(f)
  while (sweeps < 3) await new Promise(setImmediate)
  expect(held.enter(f)).toBeUndefined()
  held.leave(f)
  isAway = false
  while (ledgers.held('f') > 0) await new Promise(setImmediate)
  expect(faults).toEqual([])
  await held.close()
})

test('a permit that cannot be given back is kept and tried again', async () => {
  let isDown = true
  const ledger = ledgers.open()
  const release = (share: Share, permits: number) =>
    isDown ? Promise.reject(new Error('Redis is gone')) : ledger.release(share, permits)
  const flaky = server({ ...ledger, release }, 5)
  await flaky.enter(f)
  flaky.leave(f)
  while (faults.length === 0) await new Promise(setImmediate)
  expect(ledgers.held('f')).toBe(1)
  isDown = false
  while (ledgers.held('f') > 0) await new Promise(setImmediate)
  await flaky.close()
})

test('a permit whose acquisition was not acknowledged becomes free again', async () => {
  const ledger = ledgers.open()
  let isLost = true
  const acquire = async (request: PermitRequest) => {
    const answer = await ledger.acquire(request)
    if (isLost) throw new Error('Redis is gone')
    return answer
  }
  const unheard = server({ ...ledger, acquire }, 5)
  await expect(unheard.enter(f)).rejects.toThrow('Redis is gone')
  isLost = false
  expect(ledgers.held('f')).toBe(1)
  while (ledgers.held('f') > 0) await new Promise(setImmediate)
  await unheard.close()
})

test('a permit that was released without a notification is not used any more', async () => {
  const single = { ...f, reserved: 1 }
  const ledger = ledgers.open()
  const release = async (share: Share, permits: number) => {
    await ledger.release(share, permits)
    throw new Error('Redis is gone')
  }
  const unheard = server({ ...ledger, release }, 5)
  await unheard.enter(single)
  unheard.leave(single)
  while (faults.length === 0) await new Promise(setImmediate)
  await other.enter(single)
  await expect(Promise.resolve(unheard.enter(single))).rejects.toMatchObject({ status: 429 })
  await unheard.close()
})

test('inherited permits count, and go back when they are not needed', async () => {
  await one.enter(f)
  await one.enter(f)
  ledgers.die(oneLedger)
  expect(ledgers.held('f')).toBe(2)
  await other.enter(f)
  other.leave(f)
  await other.close()
  expect(ledgers.held('f')).toBe(0)
})

test('a server that was declared dead acquires its permits again', async () => {
  await one.enter(f)
  one.leave(f)
  ledgers.die(oneLedger)
  await other.enter(f)
  await one.enter({ functionName: 'g' })
  expect(ledgers.held('f')).toBe(1)
  await other.enter(f)
  await expect(Promise.resolve(one.enter(f))).rejects.toMatchObject({ status: 429 })
})

test('permits of a dead server count until its environments were looked for, and those of running invocations until they end', async () => {
  ledgers = fakeLedgers()
  const [deadLedger, refused] = [ledgers.open(), { status: 429 }]
  const dead = server(deadLedger)
  const successor = server(ledgers.open(), 5, true)
  await dead.enter(f)
  await dead.enter(f)
  ledgers.die(deadLedger)
  await expect(Promise.resolve(successor.enter(f))).rejects.toMatchObject(refused)
  const areFree = successor.lookForInherited()
  await successor.count(f)
  await expect(Promise.resolve(successor.enter(f))).rejects.toMatchObject(refused)
  areFree()
  await successor.enter(f)
  await expect(Promise.resolve(successor.enter(f))).rejects.toMatchObject(refused)
  successor.leave(f)
  successor.leave(f)
  while (ledgers.held('f') > 0) await new Promise(setImmediate)
  await Promise.all([dead.close(), successor.close()])
})

test('permits inherited during a look are released after the next look', async () => {
  ledgers = fakeLedgers()
  const deadLedger = ledgers.open()
  const dead = server(deadLedger)
  const successor = server(ledgers.open(), 3_600_000, true)
  await dead.enter(f)
  await dead.enter(f)
  const before = successor.lookForInherited()
  ledgers.die(deadLedger)
  before()
  await expect(Promise.resolve(successor.enter(f))).rejects.toMatchObject({ status: 429 })
  successor.lookForInherited()()
  expect(successor.enter(f)).toBeUndefined()
  await Promise.all([dead.close(), successor.close()])
})

test('running invocations count beyond every limit, and no new permit is given then', async () => {
  await one.enter(f)
  await one.enter(f)
  await other.count(f)
  expect([ledgers.held('f'), other.running()]).toEqual([3, 1])
  one.leave(f)
  await expect(Promise.resolve(other.enter(f))).rejects.toMatchObject({ status: 429 })
  expect(ledgers.held('f')).toBe(2)
})

test('a ledger that lost its data is reconciled', async () => {
  const ledger = ledgers.open()
  const held = server(ledger, 5)
  await held.enter(f)
  await held.enter(f)
  ledgers.forget(ledger)
  while (ledgers.held('f') < 2) await new Promise(setImmediate)
  await expect(Promise.resolve(other.enter(f))).rejects.toMatchObject({ status: 429 })
  await held.close()
})

test('invocations on a server that counted as dead still count', async () => {
  const ledger = ledgers.open()
  const held = server(ledger, 5)
  await held.enter({ ...f, reserved: 1 })
  ledgers.die(ledger)
  await one.close()
  await held.enter({ functionName: 'g' })
  while (ledgers.held('f') < 1) await new Promise(setImmediate)
  await expect(Promise.resolve(other.enter({ ...f, reserved: 1 }))).rejects.toMatchObject({ status: 429 })
  await held.close()
})
