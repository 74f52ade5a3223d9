import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { accountConcurrencyExceeded } from '../../errors.ts'
import { openEmbeddedStore, type EmbeddedStore } from '../../store/embedded/embedded-store.ts'
import type { RunEvent } from '../outcomes/attempt.ts'
import { createCounters } from '../outcomes/event-counters.ts'
import { createDispatcher, type Dispatcher } from './dispatcher.ts'
import type { EventQueue } from '../queue/event-queue.ts'
import type { SettingsOf } from '../outcomes/event-settings.ts'
import { anEvent, defaultSettings } from '../testing/samples.ts'

const done = { payload: Buffer.from('null'), executedVersion: '$LATEST' }
const failure = { ...done, functionError: 'Unhandled' }

/** A run that ends when the test says so. */
function gate() {
  const waiting = new Map<string, () => void>()
  const started: string[] = []
  const run: RunEvent = ({ id }) => {
    started.push(id)
    return new Promise((resolve) =>
      waiting.set(id, () => {
        resolve(done)
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
  /** How far the clock was moved on. */
  let clockAheadMs: number
  const now = () => Date.now() + clockAheadMs
  const fresh = (functionName: string, id: string) => anEvent(functionName, id, { acceptedMs: now() })
  const open = (run: RunEvent, concurrency = 10, settingsOf: SettingsOf = async () => defaultSettings) => {
    store = openEmbeddedStore(folder)
    const warn = (message: string) => void warnings.push(message)
    dispatcher = createDispatcher({
      queue: withoutWaits(store.events),
      run,
      settingsOf,
      retryDelayMs: 60_000,
      maxFailedEvents: 10,
      deliver: () => Promise.reject(new Error('nothing is delivered here')),
      counters: createCounters(),
      log: { warn, error: warn },
      concurrency,
      now,
    })
    dispatcher.start()
  }
  /** Whatever is put back is due at once: the clock moves on to its time. */
  const withoutWaits = (queue: EventQueue): EventQueue => ({
    ...queue,
    putBack: async (id, dueMs, step) => {
      await queue.putBack(id, dueMs, step)
      clockAheadMs += Math.max(0, dueMs - now())
    },
  })
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dispatcher-'))
    warnings = []
    clockAheadMs = 0
  })
  const end = async (withinMs: number) => {
    await dispatcher.close(withinMs)
    await store.close()
  }
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  test('runs each accepted event once and then removes it', async () => {
    const ran: string[] = []
    const run: RunEvent = ({ payload }) =>
      Promise.resolve(void ran.push(Buffer.from(payload).toString())).then(() => done)
    open(run)
    await Promise.all(['a', 'b', 'c'].map((id) => dispatcher.accept(fresh('f', id))))
    await until(() => ran.length === 3)
    await end(1000)
    open(run)
    await dispatcher.accept(fresh('f', 'd'))
    await until(() => ran.length === 4)
    await end(1000)
    expect(ran.toSorted()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('after a restart, runs events again that had not completed', async () => {
    const first = gate()
    open(first.run)
    await dispatcher.accept(fresh('f', 'a'))
    await until(() => first.started.length === 1)
    await end(0)
    const second = gate()
    open(second.run)
    await until(() => second.started.length === 1)
    second.end('a')
    await end(1000)
    expect(second.started).toEqual(['a'])
  })

  test('a function with one permit runs its events one after the other, without delay', async () => {
    const state = { isBusy: false, ran: 0 }
    const run: RunEvent = async () => {
      if (state.isBusy) throw accountConcurrencyExceeded()
      state.isBusy = true
      await nextTurn()
      state.isBusy = false
      state.ran++
      return done
    }
    open(run, 100)
    for (let at = 0; at < 200; at++) await store.events.add(fresh('f', String(at)))
    dispatcher.wake()
    await until(() => state.ran === 200)
    await end(1000)
  })

  test('prefetches events of a fast function, and returns them to the queue when it closes', async () => {
    const later = gate()
    let quick = 100
    open((event) => (quick-- > 0 ? Promise.resolve(done) : later.run(event)))
    for (let at = 0; at < 400; at++) await dispatcher.accept(fresh('f', String(at)))
    const counts = async () => (await store.failedEvents.counts({ limit: 1 }))[0]
    await until(() => later.started.length > 0)
    await nextTurn()
    await dispatcher.close(0)
    await expect(counts()).resolves.toMatchObject({ inFlight: later.started.length })
    await store.close()
    open(() => Promise.resolve(done))
    while ((await counts()) !== undefined) await nextTurn()
    await end(1000)
  })

  test('waits for running events when it closes', async () => {
    const { run, started, end: endRun } = gate()
    open(run)
    await dispatcher.accept(fresh('f', 'a'))
    await until(() => started.length === 1)
    const closed = end(10_000)
    endRun('a')
    await closed
    expect(warnings).toEqual([])
  })

  test('finds a permit for a function while another uses up the rest', async () => {
    const { run, started, end: endRun } = gate()
    open(run, 8)
    const ids = Array.from({ length: 50 }, (_, index) => `slow ${String(index)}`)
    await Promise.all(ids.map((id) => dispatcher.accept(fresh('slow', id))))
    await until(() => started.length >= 4)
    await dispatcher.accept(fresh('quick', 'quick'))
    await until(() => started.includes('quick'))
    expect(started.length).toBeLessThanOrEqual(8)
    endRun('quick')
    await end(0)
  })

  test('retries a throttled event, and one that met an internal error', async () => {
    const refusals: Error[] = [accountConcurrencyExceeded(), new Error('the store is away')]
    const ran: string[] = []
    open(({ id }) => {
      const refusal = refusals.pop()
      if (refusal !== undefined) return Promise.reject(refusal)
      ran.push(id)
      return Promise.resolve(done)
    })
    await Promise.all(['a', 'b'].map((id) => dispatcher.accept(fresh(id, id))))
    await until(() => ran.length === 2)
    await end(1000)
    expect(ran.toSorted()).toEqual(['a', 'b'])
  })

  test('runs a failing function three times under one id, at AWS’s intervals, and keeps the event', async () => {
    const startMs = now()
    const runs: unknown[] = []
    open(({ id, payload }) => {
      runs.push([id, Buffer.from(payload).toString(), Math.floor((now() - startMs) / 10_000)])
      return Promise.resolve(failure)
    })
    await dispatcher.accept(fresh('f', 'a'))
    await until(() => warnings.length === 1)
    expect(runs).toEqual([0, 6, 18].map((tensOfSeconds) => ['a', 'a', tensOfSeconds]))
    expect(await store.failedEvents.find('a')).toMatchObject({
      state: 'failed',
      progress: { runs: 3, outcome: { condition: 'RetriesExhausted' } },
    })
    await end(1000)
  })

  test('resumes the retries of a server that died between them', async () => {
    let isStuck = false
    open(() => Promise.resolve(failure))
    store.events.putBack = () => new Promise(() => (isStuck = true))
    await dispatcher.accept(fresh('f', 'a'))
    await until(() => isStuck)
    await end(0)
    let runs = 0
    open(() => Promise.resolve(++runs < 3 ? failure : done))
    await until(() => runs === 3)
    await end(1000)
    expect(warnings).toEqual([])
  })

  test('drops events of a deleted function, and runs none that is too old or whose reserved concurrency is 0', async () => {
    let runs = 0
    const settings: Record<string, Awaited<ReturnType<SettingsOf>>> = {
      old: defaultSettings,
      off: { ...defaultSettings, isSwitchedOff: true },
    }
    const run = () => Promise.resolve(done).finally(() => runs++)
    open(run, 10, (name) => Promise.resolve(settings[name]))
    await dispatcher.accept(fresh('gone', 'gone'))
    await dispatcher.accept(anEvent('old', 'old', { acceptedMs: now() - 7 * 3600 * 1000 }))
    await dispatcher.accept(fresh('off', 'off'))
    await until(() => warnings.length === 3)
    await dispatcher.close(1000)
    const conditions = ['gone', 'old', 'off'].map(async (id) => (await store.failedEvents.find(id))?.progress?.outcome)
    expect((await Promise.all(conditions)).map((outcome) => outcome?.condition)).toEqual([
      undefined,
      'EventAgeExceeded',
      'ZeroReservedConcurrency',
    ])
    expect(runs).toBe(0)
    await store.close()
  })

  test('retries later when the settings cannot be read', async () => {
    let reads = 0
    let runs = 0
    const settingsOf: SettingsOf = () =>
      ++reads === 1 ? Promise.reject(new Error('the store is away')) : Promise.resolve(defaultSettings)
    open(() => Promise.resolve(done).finally(() => runs++), 10, settingsOf)
    await dispatcher.accept(fresh('f', 'a'))
    await until(() => runs === 1)
    await end(1000)
  })
})
