import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { KubeConfig } from '@kubernetes/client-node'
import type { RunningServer } from '../../api/testing/running-server.ts'
import { supervisorPort } from '../pods/pod-spec.ts'
import {
  createFixture,
  createNode,
  eventually,
  invoke,
  openTestCluster,
  type TestCluster,
} from '../testing/test-cluster.ts'

interface Loot {
  readonly ownSupervisor: string[]
  readonly token: string[]
  readonly keys: string[]
  readonly otherSupervisors: string[][]
  readonly kubernetes: number[]
}

describe('a function that attacks its surroundings', () => {
  let cluster: TestCluster
  let server: RunningServer
  let loot: Loot
  const secret = 'a secret of another function'

  beforeAll(async () => {
    cluster = await openTestCluster()
    server = await cluster.start()
    const victim = await createNode(server, 'victim', `export const handler = async () => 'mine'`, {
      Environment: { Variables: { SECRET: secret } },
    })
    await invoke(server, victim)
    await createFixture(server, 'trespass-node')
    const hosts = await eventually(async () => {
      const pods = await cluster.pods()
      return pods.length >= 2 && pods.every(({ status }) => status?.podIP !== undefined)
        ? pods.map(({ status }) => status?.podIP ?? '')
        : undefined
    }, 60_000)
    const config = new KubeConfig()
    config.loadFromDefault()
    const api = config.getCurrentCluster()?.server ?? ''
    loot = await invoke<Loot>(server, 'trespass-node', {
      supervisors: hosts.map((host) => ({ host, port: supervisorPort })),
      kubernetes: [
        `${api}/api/v1/namespaces/${cluster.namespace}/pods`,
        `${api}/api/v1/namespaces/${cluster.namespace}/secrets`,
      ],
    })
  }, 180_000)
  afterAll(() => cluster.close())

  test('is authenticated by no supervisor, even without network policies', () => {
    expect(loot.otherSupervisors.length).toBeGreaterThanOrEqual(2)
    for (const types of loot.otherSupervisors) expect(types).toEqual(['"type":"challenge"'])
  })

  test("reads neither its supervisor's memory and variables nor a key", () => {
    expect([loot.ownSupervisor, loot.keys]).toEqual([[], []])
  })

  test('has no token, and the Kubernetes API rejects it', () => {
    expect(loot.token).toEqual([])
    for (const status of loot.kubernetes) expect([0, 401, 403]).toContain(status)
  })

  test('does not affect other functions', async () => {
    expect(await invoke(server, 'victim')).toBe('mine')
  })
})
