import { randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import { afterEach, expect, jest, test } from '@jest/globals'
import { zipTree } from '../../fixtures/archive.ts'
import { createCodePush } from './code-push.ts'

const megabyte = () => ({ mode: 0o100644, content: randomBytes(1024 * 1024) })
const large = await zipTree(new Map(['a', 'b', 'c', 'd'].map((name) => [name, megabyte()])))
const spec = { codeSha256: 'large' }

/** A pod that takes a piece whenever it is told so, or at once. */
function openPod({ isFrozen = false } = {}) {
  const state = { taken: 0 }
  const channel = new Writable({
    highWaterMark: 64 * 1024,
    write: (chunk: Buffer, _encoding, done) => {
      state.taken += chunk.length
      if (!isFrozen) setImmediate(done)
    },
  })
  return { channel, state }
}

afterEach(() => void jest.useRealTimers())

test('a large package is read once for concurrent launches', async () => {
  const read = jest.fn(() => Promise.resolve(large))
  const push = createCodePush({ read })
  const pods = [openPod(), openPod(), openPod()]
  await Promise.all(pods.map(({ channel }) => push.send(spec, channel)))
  expect(read).toHaveBeenCalledTimes(1)
  for (const { state } of pods) expect(state.taken).toBeGreaterThan(4 * 1024 * 1024 - 64 * 1024)
  await push.send(spec, openPod().channel)
  expect(read).toHaveBeenCalledTimes(2)
})

test('waiting for a pod leaves no listeners on its connection', async () => {
  const { channel } = openPod()
  const listeners = () => ['drain', 'close', 'error'].map((event) => channel.listenerCount(event))
  const before = listeners()
  await createCodePush({ read: () => Promise.resolve(large) }).send(spec, channel)
  expect(listeners()).toEqual(before)
})

test('a pod that stalls or disconnects while receiving code is lost', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] })
  const push = createCodePush({ read: () => Promise.resolve(large) })
  const [frozen, ended] = [openPod({ isFrozen: true }), openPod({ isFrozen: true })]
  const lost = [frozen, ended].map(({ channel }) => push.send(spec, channel).catch((cause: unknown) => String(cause)))
  while (frozen.state.taken === 0) await new Promise((resolve) => setImmediate(resolve))
  ended.channel.destroy()
  expect(await lost[1]).toContain('lost while its code was sent')
  await jest.advanceTimersByTimeAsync(15_000)
  expect(await lost[0]).toContain('does not take its code')
})
