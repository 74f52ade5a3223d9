import { describe, expect, test } from '@jest/globals'
import type { V1ContainerStateTerminated, V1Pod } from '@kubernetes/client-node'
import type { FunctionEnding } from '../../api/environments/driver/driver.ts'
import { followEndings } from './pod-endings.ts'

const running: V1Pod = { metadata: { name: 'pod' }, status: { phase: 'Running' } }
const ended = (terminated: V1ContainerStateTerminated, reason?: string, message?: string, deleted?: Date): V1Pod => {
  const about = { name: 'function', image: 'i', imageID: '', ready: false, restartCount: 0 }
  const containerStatuses = [{ ...about, state: { terminated } }]
  const metadata = { name: 'pod', ...(deleted && { deletionTimestamp: deleted }) }
  return {
    metadata,
    status: { phase: 'Failed', containerStatuses, ...(reason && { reason }), ...(message && { message }) },
  }
}
const evicted = (message: string) => ended({ exitCode: 137 }, 'Evicted', message)

const endings: [string, V1Pod, FunctionEnding | undefined][] = [
  ['by the use of its memory', ended({ exitCode: 137, reason: 'OOMKilled' }), 'out-of-memory'],
  ['by SIGTERM from inside', ended({ exitCode: 0, reason: 'Completed' }), 'terminated'],
  [
    'by the use of its /tmp',
    evicted('Usage of EmptyDir volume "temporary" exceeds the limit "512Mi". '),
    'out-of-storage',
  ],
  [
    'by the use of its storage',
    evicted('Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. '),
    'out-of-storage',
  ],
  ['not by a kill from outside', ended({ exitCode: 137, reason: 'Error' }), undefined],
  ['not by its deletion', ended({ exitCode: 0, reason: 'Completed' }, undefined, undefined, new Date(0)), undefined],
  [
    'not by a node that is short of storage',
    evicted(
      'The node was low on resource: ephemeral-storage. Container function was using 9Mi, which exceeds its request of 0. ',
    ),
    undefined,
  ],
  ['not by a node that shuts down', ended({ exitCode: 0 }, 'Terminated', 'Pod was terminated'), undefined],
]

describe('how a function ended its pod', () => {
  test.each(endings)('is known at once of one that is seen to have ended: %s', async (_how, pod, ending) => {
    expect(await followEndings(() => pod).byFunction('pod')).toBe(ending)
  })

  test.each(endings)('is waited for while the cluster has not said that it ended: %s', async (_how, pod, ending) => {
    const followed = followEndings(() => running)
    const outcome = followed.byFunction('pod')
    followed.ended({ metadata: { name: 'another' } })
    followed.ended(pod)
    expect(await outcome).toBe(ending)
  })

  test('is unknown without waiting for a missing pod', async () => {
    expect(await followEndings(() => undefined).byFunction('pod')).toBeUndefined()
  })

  test('is unknown when the cluster reports nothing in time', async () => {
    expect(await followEndings(() => running, 1).byFunction('pod')).toBeUndefined()
  })
})
