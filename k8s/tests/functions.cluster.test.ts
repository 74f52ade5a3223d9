import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  PublishLayerVersionCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda'
import { zipOf, type RunningServer } from '../../api/testing/running-server.ts'
import { nameOf, shapeIdOf } from '../pods/pod-facts.ts'
import {
  createFixture,
  createNode,
  imageOf,
  settledState,
  eventually,
  invoke,
  openTestCluster,
  publishLayer,
  type TestCluster,
} from '../testing/test-cluster.ts'

const tellsIdentity = `
const identity = crypto.randomUUID()
export const handler = async ({ sleepMs = 0 }) => {
  if (sleepMs > 1000) console.log('it runs')
  await new Promise((resolve) => setTimeout(resolve, sleepMs))
  return { identity }
}`

/** A runtime of a few lines. */
const imageProgram = `
const api = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/invocation/'
const serve = async () => {
  for (;;) {
    const next = await fetch(api + 'next')
    await next.text()
    const id = next.headers.get('lambda-runtime-aws-request-id')
    await fetch(api + id + '/response', { method: 'POST', body: JSON.stringify('from the image') })
  }
}
serve()`

const scratchAnswer = { native: true, event: { a: 1 } }

/** The same in Python; answers its own version, and where other interpreters are. */
const pythonProgram = `
import json, os, platform, shutil, urllib.request
api = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/invocation/'
while True:
    event = urllib.request.urlopen(api + 'next')
    event.read()
    answer = [platform.python_version().split('.')[0], shutil.which('node'), shutil.which('ruby')]
    id = event.headers['lambda-runtime-aws-request-id']
    urllib.request.urlopen(urllib.request.Request(api + id + '/response', json.dumps(answer).encode())).read()`

describe('functions in pods', () => {
  let cluster: TestCluster
  let server: RunningServer
  beforeAll(async () => {
    cluster = await openTestCluster()
    server = await cluster.start()
  })
  afterAll(() => cluster.close())

  const podsOf = (name: string) => cluster.pods(`kubelambda.dev/function=${name}`)

  test.each([
    ['hello-node', { message: 'hello' }],
    ['hello-python', { message: 'hello' }],
    ['hello-ruby', { message: 'hello' }],
  ] as const)('%s answers from its pod', async (name, answer) => {
    await createFixture(server, name)
    expect(await invoke(server, name)).toEqual(answer)
    const pods = await eventually(async () => ((await podsOf(name)).length === 1 ? podsOf(name) : undefined), 20_000)
    expect(pods[0]?.metadata?.labels).toMatchObject({ 'kubelambda.dev/version': 'LATEST' })
  })

  test('layers are merged in pods of every runtime', async () => {
    const Layers = [await publishLayer(server, 'layer-lower'), await publishLayer(server, 'layer-upper')]
    const upper = { word: 'upper', tool: 'upper' }
    const data = ['only-lower.txt', 'only-upper.txt', 'word.txt']
    const expected = {
      'layered-node': { ...upper, imported: 'upper', file: 'upper', data },
      'layered-python': upper,
      'layered-ruby': upper,
    } as const
    for (const [name, answer] of Object.entries(expected)) {
      await createFixture(server, name as keyof typeof expected, { Layers })
      expect(await invoke(server, name)).toEqual(answer)
    }
  })

  test('a custom runtime runs the bootstrap of its zip', async () => {
    await createFixture(server, 'shell-bootstrap')
    expect(await invoke(server, 'shell-bootstrap', { a: 1 })).toEqual({ shell: true, event: { a: 1 } })
    await createFixture(server, 'native-bootstrap')
    expect(await invoke(server, 'native-bootstrap', { a: 1 })).toEqual({ native: true, event: { a: 1 } })
  })

  test('a package of two thousand files keeps modes and links', async () => {
    await createFixture(server, 'many-files')
    expect(await invoke(server, 'many-files')).toBeDefined()
    await createFixture(server, 'zip-attributes')
    expect(await invoke(server, 'zip-attributes')).toBeDefined()
  })

  test("a function sees its own user, folders and variables, and none of the pod's", async () => {
    await createFixture(server, 'inspect-node', { Environment: { Variables: { GREETING: 'hello' } } })
    const seen = await invoke<{ uid: number; cwd: string; variables: Record<string, string> }>(server, 'inspect-node')
    expect([seen.uid, seen.cwd, seen.variables['GREETING']]).toEqual([993, '/var/task', 'hello'])
    const foreign = Object.keys(seen.variables).filter((name) =>
      /^(KUBERNETES|KUBELAMBDA|HOSTNAME|NODE_OPTIONS)/.test(name),
    )
    expect(foreign).toEqual([])
  })

  test("a function uses the pod's waiting runtime, unless other variables require a new one", async () => {
    const commandLine = '/proc/self/cmdline'
    const programs = {
      'nodejs24.x': ['index.js', `exports.handler = async () => require('fs').readFileSync('${commandLine}', 'utf8')`],
      'python3.14': ['index.py', `def handler(event, context):\n    return open('${commandLine}').read()`],
      'ruby3.4': ['index.rb', `def handler(event:, context:)\n  File.read('${commandLine}')\nend`],
    } as const
    const FunctionName = 'waited'
    for (const [Runtime, [file, program]] of Object.entries(programs)) {
      const code = { ZipFile: await zipOf(file, program) }
      const input = { FunctionName, Runtime: Runtime as keyof typeof programs, Handler: 'index.handler', Code: code }
      await server.client.send(new CreateFunctionCommand({ Role: 'arn:aws:iam::000000000000:role/any', ...input }))
      await settledState(server, FunctionName)
      const started = await invoke(server, FunctionName)
      expect(started).toContain('--standby')
      if (Runtime === 'nodejs24.x') expect(started).toContain('--max-old-space-size=116')
      await server.client.send(new DeleteFunctionCommand({ FunctionName }))
    }
    const [, program] = programs['nodejs24.x']
    const Environment = { Variables: { NODE_OPTIONS: '--no-warnings' } }
    const own = await createNode(
      server,
      'own-options',
      program
        .replace('exports.handler =', 'export const handler =')
        .replace("require('fs')", "process.getBuiltinModule('fs')"),
      { Environment },
    )
    const started = await invoke(server, own)
    expect(started).not.toContain('--standby')
    expect(started).toContain('--max-old-space-size=116')
  })

  test.each([
    ['with Node.js', 'server', ['/usr/local/bin/node', '-e'], [imageProgram], 'from the image'],
    ['whose only interpreter is Python', 'python', ['python3', '-c'], [pythonProgram], ['3', null, null]],
    ['that has no C library, shell or interpreter', 'scratch-function', ['/bootstrap'], undefined, scratchAnswer],
  ] as const)('a function that is an image %s starts from it, with the supervisor added', async (...row) => {
    const [, image, entryPoint, command, answer] = row
    const config = { EntryPoint: [...entryPoint], ...(command === undefined ? {} : { Command: [...command] }) }
    const code = { ImageUri: imageOf(image) }
    const name = `image-${image}`
    const input = { FunctionName: name, PackageType: 'Image', Code: code, ImageConfig: config } as const
    await server.client.send(new CreateFunctionCommand({ Role: 'arn:aws:iam::000000000000:role/any', ...input }))
    const state = await settledState(server, name)
    expect([state.State, state.StateReason]).toEqual(['Active', undefined])
    expect(await invoke(server, name, { a: 1 })).toEqual(answer)
  })

  test('a wrapper script runs once, in front of the interpreter', async () => {
    const ZipFile = await zipOf('wrap', '#!/bin/sh\nexport RUNS="x$RUNS" WRAPPED="$1"\nexec "$@"\n')
    const layer = await server.client.send(new PublishLayerVersionCommand({ LayerName: 'wrap', Content: { ZipFile } }))
    const program = `export const handler = async () => [process.env.RUNS, process.env.WRAPPED === process.execPath]`
    const name = await createNode(server, 'wrapped', program, {
      Layers: [layer.LayerVersionArn ?? ''],
      Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrap' } },
    })
    expect(await invoke(server, name)).toEqual(['x', true])
  })

  test('an update is served by a new pod, and the old pod ends', async () => {
    const name = await createNode(server, 'updated', `export const handler = async () => 'old'`)
    expect(await invoke(server, name)).toBe('old')
    const zip = await zipOf('index.mjs', `export const handler = async () => 'new'`)
    await server.client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: zip }))
    await waitUntilFunctionUpdatedV2({ client: server.client, maxWaitTime: 30, minDelay: 0.2 }, { FunctionName: name })
    expect(await invoke(server, name)).toBe('new')
    await eventually(async () => ((await podsOf(name)).length === 1 ? true : undefined), 20_000)
  })

  test('a deleted function has no pods ten seconds later', async () => {
    const name = await createNode(server, 'deleted', tellsIdentity)
    await invoke(server, name)
    await eventually(async () => ((await podsOf(name)).length === 1 ? true : undefined), 20_000)
    await server.client.send(new DeleteFunctionCommand({ FunctionName: name }))
    await eventually(async () => ((await podsOf(name)).length === 0 ? true : undefined), 10_000)
  })

  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'the server after %s goes on with warm pods and the pool',
    async (signal) => {
      const name = await createNode(server, `warm-${signal.toLowerCase()}`, tellsIdentity)
      const before = await invoke<{ identity: string }>(server, name)
      const generic = 'kubelambda.dev/shape,!kubelambda.dev/function'
      await eventually(async () => ((await podsOf(name)).length === 1 ? true : undefined), 20_000)
      const names = async () => (await cluster.pods(generic)).map(nameOf)
      const pooled = await eventually(async () => {
        const pods = await cluster.pods(generic)
        // One for each shape: more than that may be on their way out.
        return pods.length > 0 && new Set(pods.map(shapeIdOf)).size === pods.length ? pods.map(nameOf) : undefined
      }, 30_000)
      await server.end(signal)
      server = await cluster.start()
      expect(await invoke(server, name)).toEqual(before)
      expect(await names()).toEqual(expect.arrayContaining(pooled))
    },
  )

  test('an invocation survives its server, and its environment serves the next one', async () => {
    const name = await createNode(server, 'outlives', tellsIdentity, { Timeout: 20 })
    const before = await invoke<{ identity: string }>(server, name)
    await eventually(async () => ((await podsOf(name)).length === 1 ? true : undefined), 20_000)
    const cutOff = invoke(server, name, { sleepMs: 4_000 }).catch((error: unknown) => error)
    await eventually(async () => (server.output().includes('it runs') ? true : undefined), 20_000)
    await server.end('SIGKILL')
    await cutOff
    server = await cluster.start()
    // While it runs there may be another one: that both serve is seen by two at once.
    await eventually(async () => {
      const ask = () => invoke<{ identity: string }>(server, name, { sleepMs: 200 })
      const answers = await Promise.all([ask(), ask()])
      return answers.some(({ identity }) => identity === before.identity) ? true : undefined
    }, 40_000)
  })
})
