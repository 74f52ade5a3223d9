import { rmSync } from 'node:fs'
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  PublishLayerVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createRecording, startRecorder, until, type Recorder } from '../testing/faults.ts'
import { canFillDisk, emptyDisk, fillDisk } from '../testing/full-disk.ts'
import { newDataFolder, startMain, zipOf, type RunningServer } from '../testing/running-server.ts'

/** Skipped without `prlimit`, which makes the server's writes fail. */
const describeFullDisk = canFillDisk() ? describe : describe.skip

const code = 'exports.handler = async ({ id }) => { await record(id); return 1 }'

describeFullDisk('a disk that is full for a while', () => {
  let recorder: Recorder
  let folder: string
  let server: RunningServer
  beforeEach(async () => {
    recorder = await startRecorder()
    folder = newDataFolder()
    server = await startMain(folder)
    await createRecording(server.client, { FunctionName: 'f', code, recorder })
  })
  afterEach(async () => {
    await server.end('SIGKILL')
    recorder.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const accept = async (id: string) => {
    const event = { FunctionName: 'f', InvocationType: 'Event', Payload: JSON.stringify({ id }) } as const
    await server.client.send(new InvokeCommand(event))
  }
  const queued = async () => {
    const { functions } = (await (await fetch(`${server.address}/_kubelambda/events`)).json()) as {
      functions: Record<'ready' | 'delayed' | 'inFlight' | 'failed', number>[]
    }
    const { ready, delayed, inFlight, failed } = functions[0] ?? { ready: 0, delayed: 0, inFlight: 0, failed: 0 }
    return { ready, delayed, inFlight, failed }
  }

  test('loses no accepted event, runs each once, and leaves none in flight', async () => {
    const ids = Array.from({ length: 100 }, (_, number) => `e${String(number)}`)
    await Promise.all(ids.map(accept))
    await until('some ran', () => recorder.lines.length >= 5)
    fillDisk(server.process.pid)
    await until('it is noticed', () => server.output().includes('cannot be written'))
    emptyDisk(server.process.pid)
    await until('all ran', () => recorder.times.size === ids.length)
    await until('none is kept', async () => Object.values(await queued()).every((count) => count === 0), 20_000)
    expect([...recorder.times.values()].filter((times) => times > 1)).toEqual([])
    expect(server.output()).toContain('can be written again.')
  })

  test('refuses what must be stored with status 503, changes nothing, and goes on with the rest', async () => {
    const { client } = server
    const before = await client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }))
    const ZipFile = await zipOf('index.js', 'exports.handler = async () => 2')
    const Role = 'arn:aws:iam::000000000000:role/r'
    const made = {
      FunctionName: 'g',
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role,
      Code: { ZipFile },
    } as const
    // An environment that starts now would have the limit, too.
    await client.send(new InvokeCommand({ FunctionName: 'f', Payload: '{"id":"before"}' }))
    fillDisk(server.process.pid)
    const refused = { name: 'ServiceException', $metadata: { httpStatusCode: 503 } }
    await expect(accept('refused')).rejects.toMatchObject(refused)
    await expect(client.send(new CreateFunctionCommand(made))).rejects.toMatchObject(refused)
    await expect(client.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile }))).rejects.toMatchObject(
      refused,
    )
    const update = { FunctionName: 'f', Description: 'other' }
    await expect(client.send(new UpdateFunctionConfigurationCommand(update))).rejects.toMatchObject(refused)
    const layer = { LayerName: 'l', Content: { ZipFile } }
    await expect(client.send(new PublishLayerVersionCommand(layer))).rejects.toMatchObject(refused)
    await expect(client.send(new DeleteFunctionCommand({ FunctionName: 'f' }))).rejects.toMatchObject(refused)
    const answer = await client.send(new InvokeCommand({ FunctionName: 'f', Payload: '{"id":"answered"}' }))
    expect(answer.Payload?.transformToString()).toBe('1')
    emptyDisk(server.process.pid)
    const { $metadata: _, ...shown } = await client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }))
    expect(before).toMatchObject(shown)
    await client.send(new CreateFunctionCommand(made))
    expect([...recorder.times.keys()]).toEqual(['before', 'answered'])
  })
})
