import { describe, expect, test } from '@jest/globals'
import type { V1ContainerState } from '@kubernetes/client-node'
import { hasStopped } from './pod-state.ts'

describe('whether all containers of a pod have stopped', () => {
  const running = { running: {} }
  const terminated = { terminated: { exitCode: 137 } }
  const waiting = { waiting: { reason: 'ContainerCreating' } }

  test.each<[string, string, V1ContainerState[], boolean]>([
    ['it has just been placed', 'Pending', [], false],
    ['it starts', 'Pending', [waiting], false],
    ['it runs', 'Running', [running], false],
    ['its container has ended', 'Running', [terminated], true],
    ['one of two has ended', 'Running', [terminated, running], false],
    ['it has failed', 'Failed', [terminated], true],
    ['it is evicted, and not ended yet', 'Failed', [running], false],
    ['its container was gone before its kubelet saw it end', 'Failed', [waiting], true],
    ['its node did not take it', 'Failed', [], true],
  ])('%s', (_, phase, states, expected) => {
    const about = { name: 'function', image: 'i', imageID: '', ready: false, restartCount: 0 }
    expect(hasStopped({ status: { phase, containerStatuses: states.map((state) => ({ ...about, state })) } })).toBe(
      expected,
    )
  })

  test('it is evicted while its init container runs', () => {
    const about = { name: 'any', image: 'i', imageID: '', ready: false, restartCount: 0 }
    const initContainerStatuses = [{ ...about, state: running }]
    const containerStatuses = [{ ...about, state: waiting }]
    expect(hasStopped({ status: { phase: 'Failed', initContainerStatuses, containerStatuses } })).toBe(false)
  })
})
