import { describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kubernetes/client-node'
import type { EnvironmentSpec } from '../../api/environments/driver/driver.ts'
import { shapeOf } from './pod-shape.ts'
import { genericPod } from './pod-spec.ts'
import type { KubernetesSettings } from '../settings.ts'
import { violationsOf } from '../testing/restricted.ts'
import { aSpec, someSettings } from '../testing/samples.ts'

const podOf = (settings: Partial<KubernetesSettings> = {}, spec: Partial<EnvironmentSpec> = {}): V1Pod => {
  const all = someSettings(settings)
  return genericPod(shapeOf(aSpec(spec), all), all)
}

const settings: [string, Partial<KubernetesSettings>][] = [
  ['as it is without any', {}],
  ['the namespace', { namespace: 'other' }],
  ['images', { images: { nodejs: 'registry/mine:2' } }],
  ['the pull policy', { pullPolicy: 'Always' }],
  ['pull secrets', { pullSecrets: ['one', 'two'] }],
  ['the node selector', { nodeSelector: { disk: 'ssd' } }],
  ['tolerations', { tolerations: [{ key: 'spot', operator: 'Exists', effect: 'NoSchedule' }] }],
  ['the service account', { serviceAccount: 'functions' }],
  ['the runtime class', { runtimeClass: 'gvisor' }],
  ['labels', { labels: { team: 'a' } }],
  ['annotations', { annotations: { note: 'b' } }],
  ['a limit on CPU', { cpuLimit: true }],
  ['memory for the supervisor', { overheadMb: 128 }],
]
const specs: [string, Partial<EnvironmentSpec>][] = [
  ['a zip', {}],
  ['an image', { imageUri: 'registry/function@sha256:1' }],
  ['arm64', { architecture: 'arm64' }],
]

describe('pods of environments', () => {
  test.each(settings)(
    'pass every control of the Pod Security Standard restricted, whatever is said of %s',
    (_, said) => {
      for (const [, spec] of specs) expect(violationsOf(podOf(said, spec))).toEqual([])
    },
  )

  test('without a security context would violate the controls', () => {
    expect(violationsOf({ spec: { containers: [{ name: 'any' }] } })).toEqual([
      'Privilege Escalation',
      'Running as Non-root',
      'Seccomp',
      'Capabilities (restricted)',
    ])
  })

  test.each([
    ['namespace', 'team-a', (pod: V1Pod) => pod.metadata?.namespace, 'team-a'],
    ['labels', 'team=a,cost=b', (pod: V1Pod) => pod.metadata?.labels, { team: 'a', cost: 'b' }],
    ['annotations', 'note=c', (pod: V1Pod) => pod.metadata?.annotations, { note: 'c' }],
    ['node-selector', 'disk=ssd', (pod: V1Pod) => pod.spec?.nodeSelector, { disk: 'ssd' }],
    [
      'tolerations',
      'spot=yes:NoSchedule,gone',
      (pod: V1Pod) => pod.spec?.tolerations,
      [
        { key: 'spot', operator: 'Equal', value: 'yes', effect: 'NoSchedule' },
        { key: 'gone', operator: 'Exists' },
      ],
    ],
    ['service-account', 'one', (pod: V1Pod) => pod.spec?.serviceAccountName, 'one'],
    ['runtime-class', 'gvisor', (pod: V1Pod) => pod.spec?.runtimeClassName, 'gvisor'],
    ['pull-secrets', 'x,y', (pod: V1Pod) => pod.spec?.imagePullSecrets, [{ name: 'x' }, { name: 'y' }]],
  ])("are placed by the function's tag kubelambda.dev/%s", (name, value, read, expected) => {
    const pod = podOf({ furtherNamespaces: ['team-a'] }, { tags: { [`kubelambda.dev/${name}`]: value } })
    const found = read(pod)
    if (typeof expected === 'object' && !Array.isArray(expected)) expect(found).toMatchObject(expected)
    else expect(found).toEqual(expected)
    expect(violationsOf(pod)).toEqual([])
  })

  test("have the settings' values for all functions", () => {
    const [, ...said] = settings
    const { metadata, spec } = podOf(Object.assign({}, ...said.map(([, each]) => each)) as Partial<KubernetesSettings>)
    expect(metadata).toMatchObject({ namespace: 'other', labels: { team: 'a' }, annotations: { note: 'b' } })
    expect(spec).toMatchObject({
      nodeSelector: { disk: 'ssd', 'kubernetes.io/arch': 'amd64' },
      tolerations: [{ key: 'spot', operator: 'Exists', effect: 'NoSchedule' }],
      serviceAccountName: 'functions',
      runtimeClassName: 'gvisor',
      imagePullSecrets: [{ name: 'one' }, { name: 'two' }],
      containers: [{ image: 'registry/mine:2', imagePullPolicy: 'Always' }],
    })
    expect(spec?.containers[0]?.resources?.limits).toEqual({ memory: '256Mi', cpu: '72m' })
  })

  test('are only created in configured namespaces', () => {
    const elsewhere = () => podOf({}, { tags: { 'kubelambda.dev/namespace': 'kube-system' } })
    expect(elsewhere).toThrow(/kube-system.*KUBELAMBDA_NAMESPACES/)
  })

  test.each([
    'app.kubernetes.io/name=kubelambda',
    'team=a, kubelambda.dev/function=other',
    'pod-security.kubernetes.io/enforce=privileged',
    'kubernetes.io/arch=arm64',
    'node.k8s.io/x=y',
    'k8s.io/x=',
  ])('take no label by which Services, policies and servers know pods from the tag %s', (value) => {
    const labelled = () => podOf({}, { tags: { 'kubelambda.dev/labels': value } })
    const [reserved = ''] = /[a-z0-9.-]+\//.exec(value) ?? []
    expect(labelled).toThrow(expect.objectContaining({ code: 'InvalidConfiguration' }))
    expect(labelled).toThrow(new RegExp(`^The tag kubelambda\\.dev/labels [^\n]*${reserved}[^\n]*`))
  })

  test('accept labels whose domain only resembles a reserved one', () => {
    const similar = { 'mykubernetes.io/x': '1', 'kubernetes.io.example.com/y': '2', app: 'kubernetes.io' }
    const value = Object.entries(similar).map((pair) => pair.join('='))
    const { metadata } = podOf({}, { tags: { 'kubelambda.dev/labels': value.join(',') } })
    expect(metadata?.labels).toMatchObject(similar)
  })

  test('reject annotations that servers set', () => {
    const annotated = () => podOf({}, { tags: { 'kubelambda.dev/annotations': 'note=b,kubelambda.dev/key=other' } })
    expect(annotated).toThrow(expect.objectContaining({ code: 'InvalidConfiguration' }))
    expect(annotated).toThrow(/kubelambda\.dev\/annotations asks for the annotation kubelambda\.dev\/key/)
  })

  test('have no token, no variables of Services, and no restarts', () => {
    expect(podOf().spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
    })
  })

  test('only have sized volumes to write to', () => {
    for (const [, spec] of specs) {
      const { volumes = [], containers } = podOf({}, { ephemeralStorageMb: 1024, ...spec }).spec!
      expect(volumes.find(({ name }) => name === 'temporary')?.emptyDir?.sizeLimit).toBe('1024Mi')
      const writable = containers.flatMap(({ volumeMounts = [] }) => volumeMounts).filter(({ readOnly }) => !readOnly)
      for (const mount of writable) {
        expect(volumes.find(({ name }) => name === mount.name)?.emptyDir?.sizeLimit).toMatch(/^\d+Mi$/)
      }
    }
  })
})
