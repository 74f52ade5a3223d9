import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { accountConcurrencyExceeded, functionNotFound } from '../errors.ts'
import { openEmbeddedStore, type EmbeddedStore } from '../store/embedded/open.ts'
import type { RunEvent } from './attempt.ts'
import { backOffMs } from './attempt.ts'
import { createDispatcher, type Dispatcher } from './dispatcher.ts'
import { anEvent } from './testing/samples.ts'

/** A run that ends when the test says so. */
function gate() {
  const waiting = new Map<string, () => void>()
  const started: string[] = []
  const run: RunEvent = ({ id }) => {
    started.push(id)
    return new Promise((resolve) =>
      waiting.set(id, () => {
        resolve({})
      }),
    )
  }
  return { run, started, end: (id: string) => waiting.get(id)?.() }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited in vain')
    await nextTurn()
  }
}

describe('the dispatcher', () => {
  let folder: string
  let store: EmbeddedStore
  let dispatcher: Dispatcher
  let warnings: string[]
  const open = (run: RunEvent, concurrency = 10) => {
    store = openEmbeddedStore(folder)
    const warn = (message: string) => void warnings.push(message)
    dispatcher = createDispatcher({ queue: store.events, run, warn, concurrency, now: Date.now })
    dispatcher.start()
  }
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dispatcher-'))
    warnings = []
  })
  const end = async (withinMs: number) => {
    await dispatcher.close(withinMs)
    await store.close()
  }
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  test('runs each accepted event once and then forgets it', async () => {
    const ran: string[] = []
    const run: RunEvent = ({ payload }) =>
      Promise.resolve(void ran.push(Buffer.from(payload).toString())).then(() => ({}))
    open(run)
    await Promise.all(['a', 'b', 'c'].map((id) => dispatcher.accept(anEvent('f', id))))
    await until(() => ran.length === 3)
    await end(1000)
    open(run)
    await dispatcher.accept(anEvent('f', 'd'))
    await until(() => ran.length === 4)
    await end(1000)
    expect(ran.toSorted()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('runs again after a start what had not ended', async () => {
    const first = gate()
    open(first.run)
    await dispatcher.accept(anEvent('f', 'a'))
    await until(() => first.started.length === 1)
    await end(0)
    const second = gate()
    open(second.run)
    await until(() => second.started.length === 1)
    second.end('a')
    await end(1000)
    expect(second.started).toEqual(['a'])
  })

  test('waits for what runs when it closes', async () => {
    const { run, started, end: endRun } = gate()
    open(run)
    await dispatcher.accept(anEvent('f', 'a'))
    await until(() => started.length === 1)
    const closed = end(10_000)
    endRun('a')
    await closed
    expect(warnings).toEqual([])
  })

  test('finds a place for a function while another fills the rest', async () => {
    const { run, started, end: endRun } = gate()
    open(run, 8)
    const ids = Array.from({ length: 50 }, (_, index) => `slow ${String(index)}`)
    await Promise.all(ids.map((id) => dispatcher.accept(anEvent('slow', id))))
    await until(() => started.length >= 4)
    await dispatcher.accept(anEvent('quick', 'quick'))
    await until(() => started.includes('quick'))
    expect(started.length).toBeLessThanOrEqual(8)
    endRun('quick')
    await end(0)
  })

  test('tries a throttled event again, and one that met a fault of ours', async () => {
    const refusals: Error[] = [accountConcurrencyExceeded(), new Error('the store is away')]
    const ran: string[] = []
    open(({ id }) => {
      const refusal = refusals.pop()
      if (refusal !== undefined) return Promise.reject(refusal)
      ran.push(id)
      return Promise.resolve({})
    })
    await Promise.all(['a', 'b'].map((id) => dispatcher.accept(anEvent(id, id, { acceptedMs: Date.now() }))))
    await until(() => ran.length === 2)
    await end(1000)
    expect(ran.toSorted()).toEqual(['a', 'b'])
  })

  test('gives up an event whose function is gone, or that is too old to be tried again', async () => {
    let runs = 0
    open(({ id }) => {
      runs++
      return Promise.reject(id === 'gone' ? functionNotFound('arn') : accountConcurrencyExceeded())
    })
    await dispatcher.accept(anEvent('f', 'gone', { acceptedMs: Date.now() }))
    await dispatcher.accept(anEvent('g', 'old', { acceptedMs: Date.now() - 7 * 3600 * 1000 }))
    await until(() => warnings.length === 2)
    await end(1000)
    expect(runs).toBe(2)
    expect(warnings[0]).toContain('is given up')
  })

  test('waits from one second to five minutes between attempts', () => {
    expect([0, 1, 2, 8, 9, 1000].map(backOffMs)).toEqual([1000, 2000, 4000, 256_000, 300_000, 300_000])
  })
})
