import { describe, expect, test } from '@jest/globals'
import { ClusterFault } from '../cluster/cluster-fault.ts'
import { removePods } from './pod-removal.ts'

describe('the removal of pods', () => {
  /** A cluster that notes what it is asked for, and refuses as often as it is told to. */
  function cluster(faults: ClusterFault[] = []) {
    const asked: string[] = []
    const remove = (namespace: string, name: string, graceSeconds: number): Promise<void> => {
      asked.push(`${namespace}/${name} ${String(graceSeconds)}`)
      const fault = faults.shift()
      return fault === undefined ? Promise.resolve() : Promise.reject(fault)
    }
    const warnings: string[] = []
    return { asked, warnings, removal: removePods({ remove }, (line) => warnings.push(line)) }
  }

  test('deletes a pod once, and without a grace period when its containers have stopped', async () => {
    const { asked, removal } = cluster()
    removal.end('pod', 'functions')
    removal.end('pod', 'functions')
    removal.stopped('pod', 'functions')
    removal.stopped('pod', 'functions')
    await removal.settled()
    expect(asked).toEqual(['functions/pod 3', 'functions/pod 0'])
    expect(removal.isEnding('pod')).toBe(true)
    removal.gone('pod')
    expect(removal.isEnding('pod')).toBe(false)
  })

  test('leaves other pods alone', () => {
    const { asked, removal } = cluster()
    removal.stopped('pod', 'functions')
    expect(asked).toEqual([])
  })

  test('also removes stopped pods that another client has deleted', () => {
    const { asked, removal } = cluster()
    removal.deleted('pod')
    removal.end('pod', 'functions')
    expect(asked).toEqual([])
    removal.stopped('pod', 'functions')
    expect(asked).toEqual(['functions/pod 0'])
  })

  test('retries while the cluster does not respond', async () => {
    const { asked, warnings, removal } = cluster([new ClusterFault('unreachable', 'The API does not answer')])
    removal.end('pod', 'functions')
    await removal.settled()
    expect(asked).toEqual(['functions/pod 3', 'functions/pod 3'])
    expect(warnings).toEqual([])
  })

  test('logs a pod that may not be deleted, and leaves it behind', async () => {
    const { asked, warnings, removal } = cluster([new ClusterFault('forbidden', 'It may not delete pods')])
    removal.end('pod', 'functions')
    await removal.settled()
    expect(asked).toHaveLength(1)
    expect(warnings).toEqual(['The pod pod is left behind: It may not delete pods'])
  })
})
