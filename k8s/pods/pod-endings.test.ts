import { describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kubernetes/client-node'
import { followEndings } from './pod-endings.ts'

const running: V1Pod = { metadata: { name: 'pod' }, status: { phase: 'Running' } }
const ended = (reason: string, name = 'pod'): V1Pod => {
  const about = { name: 'function', image: 'i', imageID: '', ready: false, restartCount: 0 }
  const containerStatuses = [{ ...about, state: { terminated: { reason, exitCode: 137 } } }]
  return { metadata: { name }, status: { phase: 'Failed', containerStatuses } }
}

describe('whether a pod ran out of memory', () => {
  test.each([
    ['OOMKilled', true],
    ['Error', false],
  ])('is known at once of one that is seen to have ended: %s', async (reason, isSo) => {
    expect(await followEndings(() => ended(reason)).ranOutOfMemory('pod')).toBe(isSo)
  })

  test.each([
    ['OOMKilled', true],
    ['Error', false],
  ])('is waited for while the cluster has not said that it ended: %s', async (reason, isSo) => {
    const endings = followEndings(() => running)
    const outcome = endings.ranOutOfMemory('pod')
    endings.ended(ended('OOMKilled', 'another'))
    endings.ended(ended(reason))
    expect(await outcome).toBe(isSo)
  })

  test('is false without waiting for a missing pod', async () => {
    expect(await followEndings(() => undefined).ranOutOfMemory('pod')).toBe(false)
  })

  test('is false when the cluster reports nothing in time', async () => {
    expect(await followEndings(() => running, 1).ranOutOfMemory('pod')).toBe(false)
  })
})
