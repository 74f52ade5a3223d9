import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  PutFunctionConcurrencyCommand,
  waitUntilFunctionActiveV2,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../testing/running-server.ts'
import { describeWithRedis, eventually, startCluster, type RunningRedis } from '../store/redis/testing/redis-server.ts'
import { startWithSentinel } from '../store/redis/testing/sentinel.ts'

const Role = 'arn:aws:iam::000000000000:role/any'

interface Watched {
  readonly url: string
  /** Kills a master that has keys of the server; returns how to wait for the failover. */
  readonly killMaster: () => Promise<() => boolean>
  readonly stop: () => Promise<void>
}

async function withSentinel(): Promise<Watched> {
  const { url, master, replica, stop } = await startWithSentinel()
  const killMaster = async () => {
    await eventually(() => replica.cli('dbsize') === master.cli('dbsize'))
    await master.signal('SIGKILL')
    return () => replica.cli('role').startsWith('master')
  }
  return { url, killMaster, stop }
}

async function ofSixProcesses(): Promise<Watched> {
  const { url, nodes, stop } = await startCluster()
  const isMaster = (node: RunningRedis) => node.cli('role').startsWith('master')
  const killMaster = async () => {
    const master = nodes.find((node) => isMaster(node) && node.cli('keys', '*catalogue*') !== '')
    await master?.signal('SIGKILL')
    const others = nodes.filter((node) => node !== master)
    return () => others.filter(isMaster).length === 3
  }
  return { url, killMaster, stop }
}

describeWithRedis('the death of a master under load', () => {
  let redis: Watched | undefined
  let server: RunningServer | undefined
  const folders: string[] = []
  afterEach(async () => {
    await server?.end('SIGKILL')
    await redis?.stop()
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  async function create(client: LambdaClient, FunctionName: string): Promise<void> {
    const ZipFile = await zipOf('index.js', "exports.handler = async () => 'held'")
    const settings = { Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 20 } as const
    await client.send(new CreateFunctionCommand({ FunctionName, Role, ...settings, Code: { ZipFile } }))
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 20 }, { FunctionName })
  }

  /** Repeats the call until stopped; counts its successes and errors. */
  function repeat(step: () => Promise<unknown>) {
    const outcome = { answers: 0, errors: new Map<string, number>() }
    let isOver = false
    const run = async () => {
      while (!isOver) {
        await step().then(
          () => {
            outcome.answers++
          },
          (fault: unknown) => {
            const { name, $metadata } = fault as { name: string; $metadata?: { httpStatusCode?: number } }
            const text = `${name} ${String($metadata?.httpStatusCode)}`
            outcome.errors.set(text, (outcome.errors.get(text) ?? 0) + 1)
          },
        )
      }
      return outcome
    }
    const running = run()
    const stop = () => {
      isOver = true
      return running
    }
    return { outcome, stop }
  }

  test.each([
    ['with a Sentinel', withSentinel],
    ['of a Cluster of six processes', ofSixProcesses],
  ])(
    '%s fails no invocation of a held function, all else is 503 at most, and works again by itself',
    async (_, start) => {
      redis = await start()
      const [data, code] = [newDataFolder(), mkdtempSync(join(tmpdir(), 'code-'))]
      folders.push(data, code)
      server = await startMain(data, { KUBELAMBDA_REDIS_URL: redis.url, KUBELAMBDA_CODE_URL: `file://${code}` })
      const { client } = server
      await Promise.all([create(client, 'held'), create(client, 'other')])
      const FunctionName = 'other'
      await client.send(new InvokeCommand({ FunctionName: 'held' }))
      const invocations = repeat(() => client.send(new InvokeCommand({ FunctionName: 'held' })))
      let reserve = 1
      const saves = repeat(() => {
        reserve = (reserve % 50) + 1
        const ReservedConcurrentExecutions = reserve
        return client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }))
      })
      const events = repeat(() => client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event' })))
      await eventually(() => saves.outcome.answers > 5 && events.outcome.answers > 5)
      const isReplaced = await redis.killMaster()
      await eventually(isReplaced, 30_000, 'another master')
      const before = [saves, events].map(({ outcome }) => outcome.answers)
      await eventually(() => [saves, events].every(({ outcome }, at) => outcome.answers > before[at]! + 5), 30_000)
      const [ran, saved, accepted] = await Promise.all([invocations.stop(), saves.stop(), events.stop()])
      expect([...ran.errors.keys()]).toEqual([])
      for (const { errors } of [saved, accepted]) {
        for (const kind of errors.keys()) expect(kind).toBe('ServiceException 503')
      }
      expect(saved.errors.size).toBe(1)
      const { Concurrency } = await client.send(new GetFunctionCommand({ FunctionName }))
      expect(Concurrency?.ReservedConcurrentExecutions).toBe(reserve)
    },
    90_000,
  )
})
