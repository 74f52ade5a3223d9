import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, beforeEach, expect, describe, test } from '@jest/globals'
import type { V1Pod, V1PodStatus } from '@kubernetes/client-node'
import { zipTree } from '../../fixtures/archive.ts'
import { encodeFrame, frameDecoder, type ServerMessage } from '../../runtime-bootstrap/protocol/protocol.ts'
import { genericPod, supervisorPort } from '../pods/pod-spec.ts'
import { nameOf } from '../pods/pod-facts.ts'
import { startFakeApi, type FakeApi } from '../testing/api-server.ts'
import { startTestDriver } from '../testing/test-driver.ts'
import { aShape, aSpec, aStatus, someSettings, unschedulable } from '../testing/samples.ts'
import { until } from '../testing/until.ts'

const starts: V1PodStatus = { phase: 'Pending' }
const lacksItsImage = aStatus('Pending', { waiting: { reason: 'ImagePullBackOff', message: 'back-off' } })

describe('a server that starts with existing generic pods', () => {
  let api: FakeApi
  beforeEach(async () => {
    api = await startFakeApi()
  })
  afterEach(() => api.stop())

  /** A pod that a server of this name had begun. */
  const addPod = (serverName: string, status: V1PodStatus, ageMs = 0): V1Pod => {
    const pod = genericPod(aShape(), someSettings({ serverName }))
    pod.status = status
    pod.metadata!.creationTimestamp = new Date(Date.now() - ageMs)
    api.set(pod)
    return pod
  }
  const withDriver = async (check: () => Promise<void>): Promise<void> => {
    const log = { info: () => undefined, warn: () => undefined }
    const isOwnerGone = (server: string) => Promise.resolve(server === 'gone')
    const driver = await startTestDriver(api.kubeconfig, { log, isOwnerGone }, { poolSize: 1 })
    try {
      await check()
    } finally {
      await driver.close()
    }
  }
  const names = () => [...api.pods.keys()].toSorted()

  test('waits for its own starting pod, and ends those that it does not need', async () => {
    const pods = [addPod('server-1', starts), addPod('server-1', starts)]
    await withDriver(async () => {
      await until(() => api.asked.includes('DELETE'))
      const [kept] = names()
      expect(pods.map(nameOf)).toContain(kept)
      expect(api.asked).not.toContain('POST')
      const asked = api.asked.length
      api.delete(kept ?? '')
      await until(() => api.asked.length > asked && api.asked.includes('POST'))
      expect(api.asked.slice(0, asked)).not.toContain('POST')
    })
  })

  test('replaces a pod that has not started within ten minutes', async () => {
    const stuck = nameOf(addPod('server-1', starts, 11 * 60_000))
    await withDriver(async () => {
      await until(() => !api.pods.has(stuck) && api.pods.size === 1)
    })
  })

  test('ignores pods that are not environments, whatever their annotations say', async () => {
    for (const details of [undefined, '{', 'null', '{"image":"x"}']) {
      const pod = addPod('server-1', starts)
      pod.metadata!.annotations = details === undefined ? {} : { 'kubelambda.dev/shape-details': details }
      api.set(pod)
    }
    const before = names()
    const own = nameOf(addPod('server-1', starts))
    await withDriver(async () => {
      await until(() => api.asked.includes('GET watch'))
      api.delete(own)
      await until(() => api.asked.includes('POST'))
      expect(names()).toEqual(expect.arrayContaining(before))
    })
  })

  test.each([
    ['is unschedulable', unschedulable, 0],
    ['lacks its image', lacksItsImage, 0],
    ['has not started for ten minutes', starts, 11 * 60_000],
  ])('ends one that %s if its server is gone, and leaves it alone if not', async (_, status, ageMs) => {
    const stranded = nameOf(addPod('gone', status, ageMs))
    const others = nameOf(addPod('server-2', status, ageMs))
    await withDriver(async () => {
      await until(() => !api.pods.has(stranded))
      expect(api.pods.has(others)).toBe(true)
    })
  })
})

/** Supervisors that let every server in, at addresses of their own; the first one to be sent code hangs up. */
async function playSupervisors(addresses: readonly string[]) {
  const sentCode: string[] = []
  const servers = addresses.map((address) =>
    createServer((socket) => {
      socket.on('error', () => undefined)
      socket.write(encodeFrame({ type: 'challenge', nonce: 'n' }))
      socket.on(
        'data',
        frameDecoder<ServerMessage>(({ message }) => {
          if (message.type === 'hello') socket.write(encodeFrame({ type: 'welcome', state: 'generic' }))
          if (message.type !== 'put' || sentCode.includes(address)) return
          sentCode.push(address)
          if (sentCode.length === 1) socket.destroy()
        }),
      )
    }).listen(supervisorPort, address),
  )
  await Promise.all(servers.map((server) => once(server, 'listening')))
  return { sentCode, close: () => servers.forEach((server) => server.close()) }
}

test('a launch is retried in another pod when its pod is lost while receiving code', async () => {
  const api = await startFakeApi()
  const addresses = ['127.9.0.1', '127.9.0.2', '127.9.0.3']
  const supervisors = await playSupervisors(addresses)
  const left = [...addresses]
  api.onCreate(() => Object.assign(aStatus('Running', { running: {} }), { podIP: left.shift() }))
  const zip = await zipTree(new Map([['large', { mode: 0o100644, content: randomBytes(6 * 1024 * 1024) }]]))
  const log = { info: () => undefined, warn: () => undefined }
  const read = () => Promise.resolve(zip)
  const driver = await startTestDriver(api.kubeconfig, { log, code: { read } }, { startMs: 15_000 })
  const launched = await driver.launch(aSpec())
  const [lost, taken] = supervisors.sentCode
  expect(api.pods.get(launched.id)?.status?.podIP).toBe(taken)
  expect(taken).not.toBe(lost)
  const lostPod = () => [...api.pods.values()].find(({ status }) => status?.podIP === lost)
  await until(() => lostPod()?.metadata?.deletionTimestamp !== undefined)
  launched.kill()
  await driver.close()
  supervisors.close()
  await api.stop()
})
