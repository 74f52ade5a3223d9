import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { DeleteFunctionCommand } from '@aws-sdk/client-lambda'
import { kubectl, namespace, openInstallation, type Installation } from '../testing/installation.ts'
import { startLoad, type Load } from '../testing/load.ts'
import { removePod } from '../testing/removals.ts'
import { createFixture, createNode, eventually, invoke } from '../testing/test-cluster.ts'

const tellsIdentity = `
const identity = crypto.randomUUID()
export const handler = async ({ id, sleepMs = 0 }) => {
  await new Promise((resolve) => setTimeout(resolve, sleepMs))
  return { id, identity }
}`

/** A server leaves what it does not use to the others after 2 s. */
const longerThanParkedMs = 3_000

interface Identity {
  readonly identity: string
}

describe('the manifests', () => {
  let installation: Installation
  const name = 'steady'

  beforeAll(async () => {
    installation = await openInstallation()
    await createNode(installation, name, tellsIdentity, { Timeout: 30 })
  }, 700_000)
  afterAll(async () => {
    await installation.client.send(new DeleteFunctionCommand({ FunctionName: name }))
  })

  const answered = (load: Load, count: number) =>
    eventually(async () => (load.outcome.answers.length >= count ? true : undefined), 60_000)
  const podNames = async () => {
    const pods = await installation.pods(`kubelambda.dev/function=${name}`)
    return pods.map(({ metadata }) => metadata?.name ?? '')
  }
  const identitiesOf = (answers: readonly unknown[]) => answers.map((answer) => (answer as Identity).identity)

  /** Which environments serve one server that is asked for as many at once as there are. What is not in use waits for any server. */
  async function identitiesThatServe(): Promise<string[]> {
    const width = (await podNames()).length
    const [server] = await installation.servers()
    const client = installation.clientOf(server!)
    const asked = Array.from({ length: width }, () => invoke<Identity>({ client }, name, { sleepMs: 1_000 }))
    return identitiesOf(await Promise.all(asked))
  }

  test('start two servers, which share their state', async () => {
    const servers = await installation.servers()
    expect(servers).toHaveLength(2)
    for (const server of servers) {
      const client = installation.clientOf(server)
      expect(await invoke<Identity>({ client }, name)).toHaveProperty('identity')
    }
    await eventually(async () => ((await podNames()).length > 0 ? true : undefined), 20_000)
  })

  test('keep functions out of Redis, even without network policies', async () => {
    const thief = await createFixture(installation, 'trespass-node')
    const event = { redis: { host: `redis.${namespace}`, port: 6379 } }
    const { redis, keys } = await invoke<{ redis: string[]; keys: string[] }>(installation, thief, event)
    const refused = expect.stringMatching(/^-NOAUTH /)
    expect(redis).toEqual([refused, refused, '+OK'])
    expect(keys).toEqual([])
    await installation.client.send(new DeleteFunctionCommand({ FunctionName: thief }))
  }, 120_000)

  test('a rolling update of the servers under load loses no invocation, and the warm pods go on', async () => {
    const load = startLoad(installation.client, name, { event: { sleepMs: 50 } })
    await answered(load, 20)
    const [podsBefore, identitiesBefore] = [await podNames(), new Set(identitiesOf(load.outcome.answers))]
    const old = (await installation.servers()).map(({ metadata }) => metadata?.name)
    await kubectl('-n', namespace, 'rollout', 'restart', 'deployment/kubelambda')
    await kubectl('-n', namespace, 'rollout', 'status', 'deployment/kubelambda', '--timeout=180s')
    const servers = await installation.settled(2)
    expect(servers.filter(({ metadata }) => old.includes(metadata?.name))).toEqual([])
    await answered(load, load.outcome.answers.length + 20)
    expect((await load.stop()).failures).toEqual([])
    expect(podsBefore.length).toBeGreaterThan(0)
    expect(await podNames()).toEqual(expect.arrayContaining(podsBefore))
    const missing = new Set(identitiesBefore)
    const haveAllServed = async () => {
      for (const identity of await identitiesThatServe()) missing.delete(identity)
      return missing.size === 0 ? true : undefined
    }
    await eventually(haveAllServed, 90_000, longerThanParkedMs)
  }, 400_000)

  test('a server that is terminated while it starts exits', async () => {
    await kubectl('-n', namespace, 'scale', 'deployment/kubelambda', '--replicas=3')
    const old = new Set((await installation.servers()).map(({ metadata }) => metadata?.name))
    const begun = await eventually(async () => {
      const servers = await installation.pods('app.kubernetes.io/name=kubelambda')
      const fresh = servers.find(({ metadata }) => !old.has(metadata?.name))
      return fresh?.status?.containerStatuses?.[0]?.state?.running === undefined ? undefined : fresh
    }, 60_000)
    await kubectl('-n', namespace, 'delete', 'pod', begun.metadata?.name ?? '', '--timeout=240s')
    await kubectl('-n', namespace, 'scale', 'deployment/kubelambda', '--replicas=2')
    await installation.settled(2)
  }, 500_000)

  test('a deleted function has no pods ten seconds later, parked ones included', async () => {
    await createNode(installation, 'short-lived', tellsIdentity)
    await invoke(installation, 'short-lived')
    const parked = () =>
      kubectl('-n', namespace, 'exec', 'redis-0', '--', 'redis-cli', '--scan', '--pattern', '*parked*short-lived*')
    await eventually(async () => ((await parked()) === '' ? undefined : true), 30_000)
    await installation.client.send(new DeleteFunctionCommand({ FunctionName: 'short-lived' }))
    const pods = () => installation.pods('kubelambda.dev/function=short-lived')
    await eventually(async () => ((await pods()).length === 0 ? true : undefined), 10_000)
  }, 120_000)

  test('when a server is deleted under load, the other one takes its environments over', async () => {
    const load = startLoad(installation.client, name, { event: { sleepMs: 50 } })
    await answered(load, 20)
    const podsBefore = await podNames()
    const [victim] = await installation.servers()
    await removePod(victim!)
    await answered(load, load.outcome.answers.length + 30)
    const { failures } = await load.stop()
    // Callers whose connection broke with their server had no answer; nobody else was troubled.
    expect(failures.filter((failure) => !/ECONNRESET|ECONNREFUSED|socket hang up/.test(failure))).toEqual([])
    await installation.settled(2)
    await invoke(installation, name)
    expect(await podNames()).toEqual(expect.arrayContaining(podsBefore))
  }, 300_000)
})
