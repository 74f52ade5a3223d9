import { afterEach, describe, expect, test } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isGone, until } from './process-state.harness.ts'
import type { Assignment } from './protocol.ts'
import { nodeClient, supervise, variablesOf, type Supervised } from './supervisor.harness.ts'

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

interface Language {
  readonly command: readonly string[]
  readonly files: Readonly<Record<string, string>>
}

const find = (name: string, print: readonly string[]) => {
  try {
    return execFileSync(name, print, { encoding: 'utf8', cwd: '/' }).trim()
  } catch {
    return undefined
  }
}
const clientOf = (path: string) => fileURLToPath(new URL(`runtimes/${path}`, import.meta.url))
const python = find('python3', ['-c', 'import sys; print(sys.executable)'])
const ruby = find('ruby', ['-e', 'puts RbConfig.ruby'])

/** Each answers how its process was started and what it finds. */
const node: Language = {
  command: nodeClient,
  files: {
    'index.js': `exports.handler = async () => ({
      commandLine: require('fs').readFileSync('/proc/self/cmdline', 'utf8'), argv: process.argv.slice(2),
      cwd: process.cwd(), variables: process.env, pid: process.pid, layered: layered(),
    })
    const layered = () => { try { return require('layered') } catch { return null } }`,
    'layer/node_modules/layered.js': `module.exports = 'of a layer'`,
  },
}
const languages: [string, Language | undefined][] = [
  ['Node.js', node],
  [
    'Python',
    python === undefined
      ? undefined
      : {
          command: [python, clientOf('python/bootstrap.py')],
          files: {
            'index.py': `import os, sys
def handler(event, context):
    return {'commandLine': open('/proc/self/cmdline').read(), 'argv': sys.argv[1:], 'cwd': os.getcwd(), 'variables': dict(os.environ)}`,
          },
        },
  ],
  [
    'Ruby',
    ruby === undefined
      ? undefined
      : {
          command: [ruby, clientOf('ruby/bootstrap.rb')],
          files: {
            'index.rb': `def handler(event:, context:)
  { commandLine: File.read('/proc/self/cmdline'), argv: ARGV, cwd: Dir.pwd, variables: ENV.to_h }
end`,
          },
        },
  ],
]

interface Found {
  readonly commandLine: string
  readonly argv: readonly string[]
  readonly cwd: string
  readonly variables: Record<string, string>
  readonly pid: number
  readonly layered: string | null
}

const baseOf = (variables = {}) => ({ PATH: variablesOf('/')['PATH']!, TZ: ':UTC', LD_LIBRARY_PATH: '', ...variables })

async function start({ command, files }: Language, standbyVariables = {}, standby: readonly string[] = command) {
  const environment = await supervise(files, (folder) => ({
    command: [...standby, '--standby'],
    standsFor: command,
    variables: baseOf({ LD_LIBRARY_PATH: `${folder}/lib`, ...standbyVariables }),
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

describe.each(languages)('a %s runtime that waits', (_name, language) => {
  ;(language === undefined ? test.skip : test)('becomes the function’s: its variables, its folder', async () => {
    const environment = await start(language!, { LEFT: 'over' })
    const variables = variablesIn(environment, { MINE: 'é\n1' })
    environment.assign({ command: language!.command, variables, timeoutMs: 20_000 })
    const found = await invoke(environment)
    expect(wasWaiting(found)).toBe(true)
    expect(found.argv).toEqual([])
    expect(found.cwd).toBe(environment.folder)
    const { AWS_LAMBDA_RUNTIME_API, LC_CTYPE, ...others } = found.variables
    expect(AWS_LAMBDA_RUNTIME_API).toMatch(/^127\.0\.0\.1:\d+$/)
    // Python sets it where no locale is.
    expect([undefined, 'C.UTF-8']).toContain(LC_CTYPE)
    expect(others).toEqual(variables)
  })
})

describe('a runtime that waits', () => {
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

  test('finds what layers bring', async () => {
    const environment = await start(node)
    assign(environment, { NODE_PATH: `${environment.folder}/layer/node_modules` })
    expect(await invoke(environment)).toMatchObject({ layered: 'of a layer' })
  })

  test.each([
    ['NODE_OPTIONS', '--no-warnings'],
    ['TZ', 'Asia/Tokyo'],
    ['LD_PRELOAD', ''],
    ['NODE_EXTRA_CA_CERTS', '/none'],
  ])('is not taken by a function with a %s of its own, which is read when a process starts', async (name, value) => {
    const environment = await start(node)
    assign(environment, { [name]: value })
    const found = await invoke(environment)
    expect(wasWaiting(found)).toBe(false)
    expect(found.variables[name]).toBe(value)
    await until(() => childrenOf(environment).length === 1)
  })

  test('is not taken by a function that brings libraries, for which the loader looks when a process starts', async () => {
    const environment = await start({ ...node, files: { ...node.files, 'lib/libown.so.1': '' } })
    assign(environment, {})
    expect(wasWaiting(await invoke(environment))).toBe(false)
  })

  test('is not taken by a function with a wrapper, or another command', async () => {
    const files = { ...node.files, wrapper: '#!/bin/sh\nexec "$@"\n' }
    const wrapped = await start({ ...node, files })
    assign(wrapped, { AWS_LAMBDA_EXEC_WRAPPER: `${wrapped.folder}/wrapper` })
    const other = await start(node)
    assign(other, {}, { command: [nodeClient[0]!, '--stack-size=900', nodeClient[1]!] })
    for (const environment of [wrapped, other]) expect(wasWaiting(await invoke(environment))).toBe(false)
  })

  test('serves one initialisation; the next one starts another', async () => {
    const environment = await start({
      ...node,
      files: {
        'index.js': `exports.handler = async (event) => event.exit ? process.exit(1) : process.argv0 + require('fs').readFileSync('/proc/self/cmdline')`,
      },
    })
    assign(environment, {})
    expect((await environment.invoke()).payload).toContain('--standby')
    await environment.invoke({ event: '{"exit":true}' })
    expect((await environment.invoke()).payload).not.toContain('--standby')
  })

  test.each([
    ['cannot be started', ['/not/there']],
    ['ended', [process.execPath, '-e', '0']],
  ])('that %s is none: the function’s runtime is started as ever', async (_name, standby) => {
    const environment = await start(node, {}, standby)
    await until(() => childrenOf(environment).length === 0)
    assign(environment, {})
    expect(wasWaiting(await invoke(environment))).toBe(false)
  })

  test('ends with its environment, also when nobody took it or the supervisor is killed', async () => {
    for (const end of ['shutdown', 'kill'] as const) {
      const environment = await start(node)
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
