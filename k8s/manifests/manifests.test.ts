import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import {
  loadAllYaml,
  type KubernetesObject,
  type V1Container,
  type V1Deployment,
  type V1NetworkPolicy,
  type V1Role,
  type V1StatefulSet,
} from '@kubernetes/client-node'
import { violationsOf } from '../testing/restricted.ts'

const manifests = fileURLToPath(new URL('./', import.meta.url))

function objectsIn(folder: string): KubernetesObject[] {
  const path = `${manifests}${folder}/`
  return readdirSync(path).flatMap((file) => loadAllYaml(readFileSync(`${path}${file}`, 'utf8')) as KubernetesObject[])
}

const objects = objectsIn('base')
const objectOf = (kind: string, name: string, among = objects) =>
  among.find((object) => object.kind === kind && object.metadata?.name === name)

describe('the manifests', () => {
  const server = (objectOf('Deployment', 'kubelambda') as V1Deployment).spec!.template
  const redis = (objectOf('StatefulSet', 'redis') as V1StatefulSet).spec!.template

  test('create pods that comply with the Pod Security Standard restricted', () => {
    expect([server, redis].map(violationsOf)).toEqual([[], []])
  })

  test('give a token only to the init container of Redis, with the single right to create Secrets', () => {
    expect(redis.spec).toMatchObject({ automountServiceAccountToken: false, serviceAccountName: 'redis' })
    const mounts = redis.spec!.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name))
    expect(mounts).toEqual(['data'])
    const { rules } = objectOf('Role', 'redis') as V1Role
    expect(rules).toEqual([{ apiGroups: [''], resources: ['secrets'], verbs: ['create'] }])
  })

  test("limit the memory of Redis below the container's limit", () => {
    const [{ args = [], resources }] = redis.spec!.containers as [V1Container]
    expect(resources?.limits?.['memory']).toBe('1Gi')
    expect(args[args.indexOf('--maxmemory') + 1]).toBe(`${String(Math.floor(1024 * 0.7))}mb`)
  })

  test("block the node's metadata service, and nothing else, for functions of every namespace", () => {
    const policies = [objects, objectsIn('function-namespace')].map(
      (among) => (objectOf('NetworkPolicy', 'environments', among) as V1NetworkPolicy).spec,
    )
    expect(policies[0]?.policyTypes).toEqual(['Ingress', 'Egress'])
    expect(policies[1]?.policyTypes).toEqual(['Ingress', 'Egress'])
    expect(policies[0]?.egress).toEqual([
      {
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
        ],
      },
      { to: [{ namespaceSelector: {} }] },
      {
        to: [
          { ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] } },
          { ipBlock: { cidr: '::/0', except: ['fe80::/10', 'fd00:ec2::254/128'] } },
        ],
      },
    ])
    expect(policies[1]?.egress).toEqual(policies[0]?.egress)
  })

  test('set the password before the address that refers to it', () => {
    const names = server.spec!.containers[0]!.env!.map(({ name }) => name)
    expect(names.indexOf('REDIS_PASSWORD')).toBeGreaterThanOrEqual(0)
    expect(names.indexOf('REDIS_PASSWORD')).toBeLessThan(names.indexOf('KUBELAMBDA_REDIS_URL'))
  })
})
