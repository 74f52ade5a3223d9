import { expect, test } from '@jest/globals'
import { fakeSpec } from '../testing/fake-environments.ts'
import type { FoundRuntime } from './found-runtime.ts'
import { runtimeVariables, type EnvironmentFolders } from './variables.ts'

const mounted: EnvironmentFolders = {
  taskRoot: '/var/task',
  runtimeDir: '/var/runtime',
  layers: '/opt',
  isMounted: true,
}
const plain: EnvironmentFolders = {
  taskRoot: '/code',
  runtimeDir: '/clients',
  layers: '/opt',
  temporary: '/private',
  isMounted: false,
}
const node: FoundRuntime = { identifier: 'nodejs24.x', family: 'nodejs', version: '24', interpreter: '/n/bin/node' }
const context = { region: 'eu-central-1', now: new Date('2026-03-04T05:06:07Z') }

test('a managed runtime gets all variables that AWS gives it', () => {
  const spec = { ...fakeSpec, runtime: 'nodejs24.x', variables: {} }
  expect(runtimeVariables(spec, node, mounted, context)).toEqual({
    _HANDLER: 'handler',
    AWS_REGION: 'eu-central-1',
    AWS_DEFAULT_REGION: 'eu-central-1',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    PWD: '/var/task',
    SHLVL: '0',
    AWS_LAMBDA_FUNCTION_NAME: 'hello',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/hello',
    AWS_LAMBDA_LOG_STREAM_NAME: expect.stringMatching(/^2026\/03\/04\/\[\$LATEST\][0-9a-f]{32}$/),
    AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA[A-Z0-9]{16}$/),
    AWS_SECRET_ACCESS_KEY: expect.stringMatching(/^.{40}$/),
    AWS_SESSION_TOKEN: expect.any(String),
    LAMBDA_TASK_ROOT: '/var/task',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
    LD_LIBRARY_PATH: '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
    NODE_PATH:
      '/opt/nodejs/node24/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task',
    AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1:2000',
    _AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1',
    _AWS_XRAY_DAEMON_PORT: '2000',
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
  })
})

test("the function's own variables replace search paths, and never reserved names", () => {
  const variables = { PATH: '/mine', LANG: 'C', TZ: 'Europe/Berlin', AWS_REGION: 'mars-1', OWN: 'x' }
  const result = runtimeVariables({ ...fakeSpec, variables }, node, mounted, context)
  expect(result).toMatchObject({ PATH: '/mine', LANG: 'C', TZ: 'Europe/Berlin', AWS_REGION: 'eu-central-1', OWN: 'x' })
})

test('an OS-only runtime has no execution environment, and the older one its own paths', () => {
  const al2: FoundRuntime = { identifier: 'provided.al2', family: 'provided', version: 'al2' }
  const result = runtimeVariables(fakeSpec, al2, mounted, context)
  for (const name of ['AWS_EXECUTION_ENV', 'PWD', 'SHLVL']) expect(result).not.toHaveProperty(name)
  expect(result.PATH).toBe('/usr/local/bin:/usr/bin/:/bin:/opt/bin')
  expect(result.LD_LIBRARY_PATH).toMatch(/^\/lib64:/)
  expect(result._AWS_XRAY_DAEMON_ADDRESS).toBe('169.254.79.129')
})

test('without a private file system the folders are the real ones', () => {
  const result = runtimeVariables(fakeSpec, node, plain, context)
  expect(result).toMatchObject({ LAMBDA_TASK_ROOT: '/code', LAMBDA_RUNTIME_DIR: '/clients', TMPDIR: '/private' })
  expect(result).not.toHaveProperty('LD_LIBRARY_PATH')
  expect(result.NODE_PATH).toContain(':/clients:/code')
  expect(result.PATH).toBe('/n/bin:/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin')
})

test('every environment has credentials of its own', () => {
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']
  const [one, other] = [fakeSpec, fakeSpec].map((spec) => runtimeVariables(spec, node, mounted, context))
  for (const name of names) expect(one?.[name]).not.toBe(other?.[name])
})

test('without a private file system Python is led to the layers where they are', () => {
  const python: FoundRuntime = {
    identifier: 'python3.12',
    family: 'python',
    version: '3.12',
    interpreter: '/p/python3',
  }
  const paths = (folders: EnvironmentFolders) => runtimeVariables(fakeSpec, python, folders, context).PYTHONPATH
  expect(paths({ ...plain, layers: '/layers' })).toBe(
    '/clients:/layers/python/lib/python3.12/site-packages:/layers/python',
  )
  expect(paths(mounted)).toBe('/var/runtime')
})

test('JSON logging and a custom log group show in the variables', () => {
  const spec = { ...fakeSpec, logLevels: { application: 'DEBUG', system: 'INFO' }, logGroup: 'mine' }
  const result = runtimeVariables(spec, node, mounted, context)
  expect(result).toMatchObject({ AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'DEBUG' })
  expect(result.AWS_LAMBDA_LOG_STREAM_NAME).toMatch(/^2026\/03\/04\/hello\[\$LATEST\]/)
})
