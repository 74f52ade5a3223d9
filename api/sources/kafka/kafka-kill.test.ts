import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  GetEventSourceMappingCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../../main.harness.ts'
import { describeWithRedis, startRedis, type RunningRedis } from '../../store/redis/testing/redis-server.ts'
import { eventually } from '../testing/eventually.ts'
import { describeWithKafka, startMockCluster, type MockCluster } from './testing/mock-cluster.ts'

/** Tells the test the values of each batch. */
const recorder = `
exports.handler = async ({ records }) => {
  const values = Object.values(records).flat().map(({ value }) => Buffer.from(value, 'base64').toString())
  await fetch(process.env.RECORDER, { method: 'POST', body: values.join() })
}`
const [topic, partitions, batchSize] = ['orders', 4, 10]

describeWithKafka('servers that share a Kafka topic', () => {
  describeWithRedis('on one Redis', () => {
    let cluster: MockCluster
    let redis: RunningRedis
    let recorderServer: Server
    let told: string[]
    const [servers, folders] = [[] as RunningServer[], [] as string[]]
    beforeAll(async () => {
      cluster = await startMockCluster()
      redis = await startRedis()
      told = []
      recorderServer = createServer((request, response) => {
        void text(request).then((body) => {
          told.push(...body.split(','))
          response.end()
        })
      }).listen(0, '127.0.0.1')
      await once(recorderServer, 'listening')
    }, 60_000)
    afterAll(async () => {
      await Promise.all(servers.map((server) => server.end('SIGKILL')))
      await cluster.close()
      await redis.stop()
      recorderServer.closeAllConnections()
      recorderServer.close()
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    })

    const newFolder = () => {
      const folder = newDataFolder()
      folders.push(folder)
      return folder
    }
    const start = async (code: string) => {
      const settings = { KUBELAMBDA_REDIS_URL: redis.url, KUBELAMBDA_CODE_URL: `file://${code}` }
      const server = await startMain(newFolder(), settings)
      servers.push(server)
      return server
    }
    const newMapping = async ({ client }: RunningServer) => {
      const { port } = recorderServer.address() as AddressInfo
      await client.send(
        new CreateFunctionCommand({
          FunctionName: 'f',
          Runtime: 'nodejs22.x',
          Handler: 'index.handler',
          Role: 'arn:aws:iam::000000000000:role/r',
          Code: { ZipFile: await zipOf('index.js', recorder) },
          Environment: { Variables: { RECORDER: `http://127.0.0.1:${port}/` } },
        }),
      )
      await waitUntilFunctionActiveV2({ client, maxWaitTime: 60 }, { FunctionName: 'f' })
      const { UUID } = await client.send(
        new CreateEventSourceMappingCommand({
          FunctionName: 'f',
          SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [cluster.address] } },
          SourceAccessConfigurations: [],
          Topics: [topic],
          BatchSize: batchSize,
          SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'g' },
        }),
      )
      return UUID
    }

    test('lose no record when one of them is killed, keep the order of partitions, and repeat only what ran', async () => {
      await cluster.newTopic(topic, partitions)
      const code = newFolder()
      const [one, other] = await Promise.all([start(code), start(code)])
      const uuid = await newMapping(one)
      const sent: string[] = []
      const sendMore = async () => {
        const messages = Array.from({ length: 300 }, (_, index) => {
          const partition = index % partitions
          return { value: `${partition}:${sent.length + index}`, partition }
        })
        await cluster.send(topic, messages)
        sent.push(...messages.map(({ value }) => value))
      }
      await sendMore()
      await eventually(() => told.length > 100)
      await one.end('SIGKILL')
      await sendMore()
      await eventually(() => new Set(told).size === sent.length)
      const firsts = told.filter((value, index) => told.indexOf(value) === index)
      for (let partition = 0; partition < partitions; partition++) {
        const isOfIt = (value: string) => value.startsWith(`${partition}:`)
        expect(firsts.filter(isOfIt)).toEqual(sent.filter(isOfIt))
      }
      expect(told.length - sent.length).toBeLessThanOrEqual(partitions * batchSize)
      await eventually(async () => (await cluster.committed('g', topic)).every((offset) => offset === '150'))
      const mapping = await other.client.send(new GetEventSourceMappingCommand({ UUID: uuid }))
      expect(mapping).toMatchObject({ State: 'Enabled', LastProcessingResult: 'OK' })
    }, 150_000)
  })
})
