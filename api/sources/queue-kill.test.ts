import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  GetEventSourceMappingCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../main.harness.ts'
import { eventually } from './testing/eventually.ts'
import { startQueueProxy, type QueueProxy } from './testing/queue-proxy.ts'
import { describeWithMoto, startMoto, type Moto } from './testing/moto.ts'

/** Tells the test the body of each message, one after the other. */
const recorder = `
exports.handler = async ({ Records }) => {
  for (const { body } of Records) await fetch(process.env.RECORDER, { method: 'POST', body })
}`

describeWithMoto('a server that is killed again and again', () => {
  let moto: Moto
  let queues: QueueProxy
  let recorderServer: Server
  let told: Record<string, string[]>
  let dataFolder: string
  let server: RunningServer
  beforeAll(async () => {
    moto = await startMoto()
    queues = await startQueueProxy(moto.address)
    told = { '/record': [], '/fifo': [] }
    recorderServer = createServer((request, response) => {
      void text(request).then((body) => {
        told[request.url ?? '']?.push(body)
        response.end()
      })
    }).listen(0, '127.0.0.1')
    await once(recorderServer, 'listening')
    dataFolder = newDataFolder()
  }, 60_000)
  afterAll(async () => {
    await server.end('SIGKILL')
    queues.close()
    await moto.close()
    recorderServer.closeAllConnections()
    recorderServer.close()
    rmSync(dataFolder, { recursive: true, force: true })
  })

  const start = () =>
    startMain(dataFolder, {
      KUBELAMBDA_SQS_ENDPOINT: queues.address,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    })
  const ask = <Result>(action: string, input: object) => moto.ask<Result>('sqs', `AmazonSQS.${action}`, input)
  const newFunction = async (name: string) => {
    const { port } = recorderServer.address() as AddressInfo
    const code = { ZipFile: await zipOf('index.js', recorder) }
    const members = {
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/r',
    } as const
    const variables = { Environment: { Variables: { RECORDER: `http://127.0.0.1:${port}/${name}` } } }
    await server.client.send(new CreateFunctionCommand({ FunctionName: name, Code: code, ...members, ...variables }))
    await waitUntilFunctionActiveV2({ client: server.client, maxWaitTime: 60 }, { FunctionName: name })
  }
  const map = async (functionName: string, queue: string) => {
    const arn = `arn:aws:sqs:us-east-1:123456789012:${queue}`
    const command = new CreateEventSourceMappingCommand({
      FunctionName: functionName,
      EventSourceArn: arn,
      BatchSize: 5,
    })
    return (await server.client.send(command)).UUID
  }

  test('runs every message of a queue, and those of a FIFO group in order', async () => {
    const [queue, fifoQueue] = [randomUUID(), `${randomUUID()}.fifo`]
    const { QueueUrl: url } = await ask<{ QueueUrl: string }>('CreateQueue', { QueueName: queue })
    const fifo = { FifoQueue: 'true', ContentBasedDeduplication: 'true' }
    const { QueueUrl: fifoUrl } = await ask<{ QueueUrl: string }>('CreateQueue', {
      QueueName: fifoQueue,
      Attributes: fifo,
    })
    server = await start()
    await newFunction('record')
    await newFunction('fifo')
    const uuid = await map('record', queue)
    await map('fifo', fifoQueue)
    await eventually(async () => {
      const mapping = await server.client.send(new GetEventSourceMappingCommand({ UUID: uuid }))
      return mapping.State === 'Enabled'
    })
    const [sent, groups] = [[] as string[], ['a', 'b', 'c']]
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 40; index++) {
        const id = `${round}-${index}`
        sent.push(id)
        await ask('SendMessage', { QueueUrl: url, MessageBody: id })
        const group = groups[index % 3] ?? ''
        await ask('SendMessage', {
          QueueUrl: fifoUrl,
          MessageBody: `${group} ${round * 40 + index}`,
          MessageGroupId: group,
        })
        await wait(10)
      }
      await server.end('SIGKILL')
      server = await start()
    }
    await eventually(() => sent.every((id) => told['/record']?.includes(id)), 150_000)
    await eventually(() => new Set(told['/fifo']).size === 120, 150_000)
    for (const group of groups) {
      const numbers = (told['/fifo'] ?? [])
        .filter((line) => line.startsWith(group))
        .map((line) => Number(line.slice(2)))
      const firsts = numbers.filter((number, index) => numbers.indexOf(number) === index)
      expect(firsts).toEqual(firsts.toSorted((one, other) => one - other))
    }
    await server.end('SIGTERM')
  }, 400_000)
})
