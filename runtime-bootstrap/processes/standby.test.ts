import { afterEach, describe, expect, test } from '@jest/globals'
import { readdirSync, readFileSync } from 'node:fs'
import { isGone, until } from './process-state.harness.ts'
import type { Assignment } from '../protocol/protocol.ts'
import { nodeClient, standbyFor, supervise, variablesOf, type Supervised } from '../supervisor/supervisor.harness.ts'

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

/** Answers how its process was started and what it finds. */
const files = {
  'index.js': `exports.handler = async () => ({
      commandLine: require('fs').readFileSync('/proc/self/cmdline', 'utf8'), argv: process.argv.slice(2),
      cwd: process.cwd(), variables: process.env, layered: layered(),
    })
    const layered = () => { try { return require('layered') } catch { return null } }`,
  'layer/node_modules/layered.js': `module.exports = 'of a layer'`,
}

interface Found {
  readonly commandLine: string
  readonly argv: readonly string[]
  readonly cwd: string
  readonly variables: Record<string, string>
  readonly layered: string | null
}

async function start(code: Readonly<Record<string, string>> = files, variables = {}, command = nodeClient) {
  const environment = await supervise(code, (folder) => ({
    ...standbyFor(command, { LD_LIBRARY_PATH: `${folder}/lib`, ...variables }),
    standsFor: nodeClient,
  }))
  started.push(environment)
  return environment
}

const variablesIn = (environment: Supervised, own: Record<string, string> = {}) => ({
  ...variablesOf(environment.folder),
  LD_LIBRARY_PATH: `${environment.folder}/lib`,
  ...own,
})

async function invoke(environment: Supervised): Promise<Found> {
  return JSON.parse((await environment.invoke()).payload) as Found
}

const wasWaiting = ({ commandLine }: Found) => commandLine.includes('--standby')

describe('a standby runtime', () => {
  const assign = (environment: Supervised, own: Record<string, string>, more: Partial<Assignment> = {}) => {
    environment.assign({ variables: variablesIn(environment, own), timeoutMs: 20_000, ...more })
  }
  /** The processes that the supervisor has started. */
  const childrenOf = ({ pid }: Supervised) =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((name) => {
        try {
          return readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]!.split(' ')[1] === String(pid)
        } catch {
          return false
        }
      })
      .map(Number)

  test("becomes the function's: its variables, its folder", async () => {
    const environment = await start(files, { LEFT: 'over' })
    assign(environment, { MINE: 'é\n1' })
    const found = await invoke(environment)
    expect(wasWaiting(found)).toBe(true)
    expect(found.argv).toEqual([])
    expect(found.cwd).toBe(environment.folder)
    const { AWS_LAMBDA_RUNTIME_API, ...others } = found.variables
    expect(AWS_LAMBDA_RUNTIME_API).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(others).toEqual(variablesIn(environment, { MINE: 'é\n1' }))
  })

  test('keeps no connection of its rehearsal', async () => {
    const connections = "process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'))"
    const environment = await start({ 'index.js': `exports.handler = async () => ${connections}` })
    assign(environment, {})
    expect(JSON.parse((await environment.invoke()).payload)).toEqual(['TCPSocketWrap'])
  })

  test('finds modules of layers', async () => {
    const environment = await start()
    assign(environment, { NODE_PATH: `${environment.folder}/layer/node_modules` })
    expect(await invoke(environment)).toMatchObject({ layered: 'of a layer' })
  })

  test.each([
    ['NODE_OPTIONS', '--no-warnings'],
    ['TZ', 'Asia/Tokyo'],
    ['LD_PRELOAD', ''],
    ['NODE_EXTRA_CA_CERTS', '/none'],
  ])('is not taken by a function with a %s of its own, which is read when a process starts', async (name, value) => {
    const environment = await start()
    assign(environment, { [name]: value })
    const found = await invoke(environment)
    expect(wasWaiting(found)).toBe(false)
    expect(found.variables[name]).toBe(value)
    await until(() => childrenOf(environment).length === 1)
  })

  test('is not used by a function with shared libraries, which the loader looks up at process start', async () => {
    const environment = await start({ ...files, 'lib/libown.so.1': '' })
    assign(environment, {})
    expect(wasWaiting(await invoke(environment))).toBe(false)
  })

  test('is not used by a function with a wrapper script or another command', async () => {
    const wrapped = await start({ ...files, wrapper: '#!/bin/sh\nexec "$@"\n' })
    assign(wrapped, { AWS_LAMBDA_EXEC_WRAPPER: `${wrapped.folder}/wrapper` })
    // There the start command puts it in front by itself.
    const inImage = await start()
    assign(inImage, { AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrapper' }, { isImage: true })
    const other = await start()
    assign(other, {}, { command: [nodeClient[0]!, '--stack-size=900', nodeClient[1]!] })
    for (const environment of [wrapped, inImage, other]) expect(wasWaiting(await invoke(environment))).toBe(false)
  })

  test('is not used by a function that runs as another user', async () => {
    const environment = await start()
    assign(environment, {}, { user: { uid: process.getuid!(), gid: process.getgid!() } })
    expect(wasWaiting(await invoke(environment))).toBe(false)
  })

  test('serves one initialisation; the next one starts a new runtime', async () => {
    const environment = await start({
      'index.js': `exports.handler = async (event) => event.exit ? process.exit(1) : require('fs').readFileSync('/proc/self/cmdline', 'utf8')`,
    })
    assign(environment, {})
    expect((await environment.invoke()).payload).toContain('--standby')
    await environment.invoke({ event: '{"exit":true}' })
    expect((await environment.invoke()).payload).not.toContain('--standby')
  })

  test.each([
    ['cannot be started', ['/not/there']],
    ['ended', [process.execPath, '-e', '0']],
  ])("that %s is none: the function's runtime is started as ever", async (_name, standby) => {
    const environment = await start(files, {}, standby)
    await until(() => childrenOf(environment).length === 0)
    assign(environment, {})
    expect(wasWaiting(await invoke(environment))).toBe(false)
  })

  test('ends with its environment, also when it is unused or the supervisor is killed', async () => {
    for (const end of ['shutdown', 'kill'] as const) {
      const environment = await start()
      let waiting: number | undefined
      await until(() => (waiting = childrenOf(environment).find((pid) => isWaiting(pid))) !== undefined)
      if (end === 'kill') process.kill(environment.pid, 'SIGKILL')
      else void environment.shutdown()
      await until(() => isGone(waiting!))
    }
  })
})

const isWaiting = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--standby')
  } catch {
    return false
  }
}
