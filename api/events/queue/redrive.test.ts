import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { openEmbeddedStore, type EmbeddedStore } from '../../store/embedded/embedded-store.ts'
import { createRedrive, type Redrive } from './redrive.ts'
import { anEvent, aProgress } from '../testing/samples.ts'

let folder: string
let store: EmbeddedStore
let redrive: Redrive
let woken: number
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redrive-'))
  store = openEmbeddedStore(folder)
  woken = 0
  redrive = createRedrive(store.failedEvents, () => {
    woken++
  })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const take = () => store.events.take({ limit: 1000, perFunction: 1000, skip: new Set(), nowMs: 1000 })
const addFailed = async (functionName: string, count: number) => {
  const ids = Array.from({ length: count }, (_, at) => `${functionName}-${String(at)}`)
  await Promise.all(ids.map((id) => store.events.add(anEvent(functionName, id))))
  await take()
  await Promise.all(ids.map((id) => store.events.fail(id, { progress: aProgress }, 1000)))
}

test('all failed events of a function are run again, of no other, and the dispatcher is woken', async () => {
  await addFailed('f', 250)
  await addFailed('g', 1)
  expect(await redrive.runAll('f', 'failed')).toBe(250)
  expect(woken).toBe(1)
  expect((await take()).length).toBe(250)
  expect(await redrive.runAll('f', 'failed')).toBe(0)
  expect(woken).toBe(1)
})

test('events that wait are cancelled, those that run are not', async () => {
  await store.events.add(anEvent('f', 'runs'))
  await take()
  await store.events.add(anEvent('f', 'waits'))
  expect(await redrive.removeAll('f', 'ready')).toBe(1)
  expect(await redrive.remove('f', 'runs')).toBe(0)
  expect(await redrive.find('f', 'waits')).toBeUndefined()
  expect(await redrive.find('f', 'runs')).toMatchObject({ state: 'inFlight' })
})

test('an event is found and changed under its own function alone', async () => {
  await addFailed('f', 1)
  expect(await redrive.find('g', 'f-0')).toBeUndefined()
  expect(await redrive.run('g', 'f-0')).toBe(0)
  expect(await redrive.remove('g', 'f-0')).toBe(0)
  expect(await redrive.run('f', 'f-0')).toBe(1)
})
