import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { V1Pod, V1PodStatus } from '@kubernetes/client-node'
import {
  CapacityExhausted,
  RuntimeUnavailable,
  type Driver,
  type EnvironmentSpec,
} from '../../api/environments/driver/driver.ts'
import { startFakeApi, type FakeApi } from '../testing/api-server.ts'
import { startTestDriver } from '../testing/test-driver.ts'
import { aSpec, aStatus, unschedulable } from '../testing/samples.ts'
import { until } from '../testing/until.ts'

const waiting = (reason: string, message: string): V1PodStatus => aStatus('Pending', { waiting: { reason, message } })
const terminated = (reason: string): V1PodStatus => aStatus('Failed', { terminated: { reason, exitCode: 137 } })
const quota = 'pods "x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=5, limited: pods=5'

/** A 429 to the caller, a 502 that names what to do, or our own fault, which callers are told nothing of. */
const outcomes = { 429: CapacityExhausted, 502: RuntimeUnavailable, 500: Error }

describe('refusals of the cluster', () => {
  let api: FakeApi
  let driver: Driver
  let lines: string[]
  const log = { info: (line: string) => void lines.push(line), warn: (line: string) => void lines.push(line) }
  const start = () => startTestDriver(api.kubeconfig, { log })
  beforeEach(async () => {
    lines = []
    api = await startFakeApi()
    driver = await start()
  })
  afterEach(async () => {
    await driver.close()
    await api.stop()
  })
  const faultOf = async (spec: Partial<EnvironmentSpec> = {}): Promise<Error> =>
    driver.launch(aSpec(spec)).then(
      () => new Error('it was launched'),
      (fault: unknown) => fault as Error,
    )

  test.each<[string, number, string, keyof typeof outcomes, RegExp]>([
    ['a used-up quota', 403, quota, 429, /quota.*raise it, or lower the pool/],
    ['missing rights', 403, 'pods is forbidden: cannot create', 500, /may not create pods: .*Role of k8s\/manifests/],
    ['a token that is not taken', 401, 'Unauthorized', 500, /Role of k8s\/manifests/],
    ['a pod that admission refuses', 422, 'Pod is invalid: spec.x', 500, /refused to create pods: Pod is invalid/],
    ['a namespace that is gone', 404, 'namespaces "functions" not found', 500, /namespaces "functions" not found/],
    ['an API server without a leader', 503, 'no leader', 500, /create pods.*no leader/],
    ['an API server that is too busy', 429, 'too many requests', 500, /create pods.*too many requests/],
  ])('%s ends the launch in time, with a line that says what to do', async (_, status, message, outcome, line) => {
    api.refuse('POST', { status, message })
    const fault = await faultOf()
    expect(fault).toBeInstanceOf(outcomes[outcome])
    if (outcome === 500) expect(fault).not.toBeInstanceOf(CapacityExhausted)
    expect(lines.some((each) => line.test(each))).toBe(true)
    expect(api.pods.size).toBe(0)
  })

  test.each<[string, V1PodStatus, keyof typeof outcomes, RegExp]>([
    ['no node has capacity for', unschedulable, 429, /No node has capacity.*Insufficient memory/],
    ['has an image that is not there', waiting('ErrImagePull', 'not found'), 502, /KUBELAMBDA_IMAGES.*not found/],
    ['waits for its image again', waiting('ImagePullBackOff', 'back-off'), 502, /KUBELAMBDA_IMAGES/],
    ['has an image without a name', waiting('InvalidImageName', 'bad'), 502, /KUBELAMBDA_IMAGES/],
    ['lacks what it mounts', waiting('CreateContainerConfigError', 'no secret'), 500, /cannot start.*no secret/],
    ['cannot be started', waiting('CreateContainerError', 'no such file'), 500, /cannot start.*no such file/],
    [
      'finds its node full',
      { phase: 'Failed', reason: 'OutOfcpu', message: "Node didn't have enough resource: cpu" },
      429,
      /No node has capacity.*OutOfcpu/,
    ],
    ['is evicted', { phase: 'Failed', reason: 'Evicted', message: 'disk pressure' }, 500, /evicted: disk pressure/],
    ['loses its node', { phase: 'Failed', reason: 'NodeLost' }, 500, /node was lost/],
    ['runs out of memory', terminated('OOMKilled'), 500, /out of memory: raise the memory size/],
  ])(
    'a pod that %s ends the launch in time, with a line that says so, and is removed',
    async (_, status, outcome, line) => {
      api.onCreate(() => status)
      const fault = await faultOf()
      expect(fault).toBeInstanceOf(outcomes[outcome])
      if (outcome === 500) expect(fault).not.toBeInstanceOf(CapacityExhausted)
      expect(lines.some((each) => line.test(each))).toBe(true)
      api.onCreate(() => ({ phase: 'Pending' }))
      await until(() => api.pods.size === 0)
    },
  )

  test('launches wait for the service account of a new namespace', async () => {
    const patient = await startTestDriver(api.kubeconfig, { log }, { startMs: 60_000 })
    const cause = 'error looking up service account new/default: serviceaccount "default" not found'
    api.refuse('POST', { status: 403, message: `pods "x" is forbidden: ${cause}` })
    const launch = patient.launch(aSpec()).catch((fault: unknown) => fault)
    await until(() => lines.some((line) => line.includes('no service account for pods yet')))
    api.refuse('POST', undefined)
    await until(() => api.pods.size > 0)
    await patient.close()
    expect(await launch).toEqual(new Error('The driver is closed'))
  })

  test('a terminating pod is deleted when its containers have ended, before its kubelet confirms', async () => {
    api.onCreate(() => Object.assign(waiting('CrashLoopBackOff', 'back-off'), { phase: 'Running' }))
    await faultOf()
    const isTold = (pod: V1Pod) => pod.metadata?.deletionTimestamp !== undefined
    await until(() => [...api.pods.values()].some(isTold))
    api.onCreate(() => ({ phase: 'Pending' }))
    const status = Object.assign(terminated('Error'), { phase: 'Running' })
    for (const pod of [...api.pods.values()].filter(isTold)) api.set(Object.assign({}, pod, { status }))
    await until(() => api.pods.size === 0)
  })

  test('a namespace that is not configured fails the launch without a request', async () => {
    const fault = await faultOf({ tags: { 'kubelambda.dev/namespace': 'kube-system' } })
    expect(fault).toBeInstanceOf(RuntimeUnavailable)
    expect(api.asked).not.toContain('POST')
  })

  test('the start waits for an unreachable API server, and the log names its setting', async () => {
    api.refuse('GET list', { status: 503, message: 'starting' })
    const late = start()
    await until(() => lines.some((line) => /^KUBELAMBDA_KUBECONFIG: .*starting.*Waiting for it\.$/.test(line)))
    api.refuse('GET list', undefined)
    await (await late).close()
  })
})
