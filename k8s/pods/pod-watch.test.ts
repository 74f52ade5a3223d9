import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kubernetes/client-node'
import { connectCluster } from '../cluster/cluster.ts'
import { watchPods, type PodWatch } from './pod-watch.ts'
import { startFakeApi, type FakeApi } from '../testing/api-server.ts'
import { until } from '../testing/until.ts'

const pod = (name: string, note = ''): V1Pod => ({ metadata: { name, namespace: 'functions', annotations: { note } } })

describe('the watch of pods', () => {
  let api: FakeApi
  let watch: PodWatch
  let seen: string[]
  beforeEach(async () => {
    seen = []
    api = await startFakeApi()
    api.set(pod('first'))
    watch = await watchPods({
      cluster: connectCluster(api.kubeconfig),
      namespace: 'functions',
      onChange: ({ metadata }) => seen.push(`${metadata?.name ?? ''}${metadata?.annotations?.['note'] ?? ''}`),
      onGone: ({ metadata }) => seen.push(`gone ${metadata?.name ?? ''}`),
      onFault: ({ kind, message }) => seen.push(`fault ${kind}: ${message}`),
      onRecovered: () => seen.push('recovered'),
    })
    await until(() => api.asked.includes('GET watch'))
  })
  afterEach(async () => {
    watch.close()
    await api.stop()
  })
  const watches = () => api.asked.filter((each) => each === 'GET watch').length
  const lists = () => api.asked.filter((each) => each === 'GET list').length

  test('reports existing pods, then every change once', async () => {
    api.set(pod('second'))
    api.set(pod('second', '!'))
    api.delete('first')
    await until(() => seen.length >= 4)
    expect(seen).toEqual(['first', 'second', 'second!', 'gone first'])
    expect([...watch.pods.keys()]).toEqual(['second'])
    expect(lists()).toBe(1)
  })

  test('after a gap, reports changes and deletions of the gap once', async () => {
    api.unseen(() => {
      api.set(pod('kept'))
      api.delete('first')
    })
    api.cut()
    await until(() => watches() >= 2 && seen.includes('kept'))
    api.set(pod('later'))
    await until(() => seen.includes('later'))
    expect(seen.filter((line) => !/^(fault|recovered)/.test(line)).toSorted()).toEqual([
      'first',
      'gone first',
      'kept',
      'later',
    ])
  })

  test('lists again when its version has expired', async () => {
    api.unseen(() => {
      api.delete('first')
      api.set(pod('second'))
    })
    api.expire()
    await until(() => watches() >= 2)
    expect(seen).toEqual(['first', 'gone first', 'second'])
    expect(lists()).toBe(2)
  })

  test('lists again when its version is rejected at once', async () => {
    api.refuse('GET watch', { status: 410, message: 'too old resource version: 1 (2)' })
    api.cut()
    api.unseen(() => api.set(pod('second')))
    await until(() => seen.includes('second'))
    expect(seen.filter((line) => line.startsWith('fault unreachable: ')).length).toBeLessThanOrEqual(1)
    api.refuse('GET watch', undefined)
    const before = watches()
    await until(() => watches() > before)
    api.set(pod('third'))
    await until(() => seen.includes('third'))
  })

  test('reports an unreachable API once, retries, and reports its recovery', async () => {
    for (const what of ['GET list', 'GET watch']) api.refuse(what, { status: 503, message: 'no leader' })
    api.cut()
    await until(() => lists() >= 3)
    api.unseen(() => api.set(pod('second')))
    for (const what of ['GET list', 'GET watch']) api.refuse(what, undefined)
    await until(() => seen.includes('second'))
    expect(seen.filter((line) => line.startsWith('fault'))).toEqual([expect.stringMatching(/^fault unreachable: /)])
    expect(seen.filter((line) => line === 'recovered')).toHaveLength(1)
  })

  test('reports nothing after it is closed', async () => {
    watch.close()
    api.set(pod('second'))
    api.cut()
    expect(seen).toEqual(['first'])
    expect(watches()).toBe(1)
    await until(() => api.pods.has('second'))
  })
})
