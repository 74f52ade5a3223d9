import assert from 'node:assert/strict'
import { Skipped, type Area } from '../../case/case.ts'
import { answers, failureOf, valueOf } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

interface Inspection {
  readonly cwd: string
  readonly uid: number
  readonly taskRoot: string
  readonly timeZone: string
  readonly task: readonly string[] | null
  readonly opt: readonly string[] | null
  readonly taskWritable: boolean
  readonly tmpWritable: boolean
  readonly tmpWrites: number
  readonly heapMb: number
  readonly gc: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly files: Readonly<Record<string, { readonly mode?: string; readonly error?: string }>>
}

interface LogLine {
  readonly type?: string
  readonly record?: Readonly<Record<string, unknown>>
  readonly level?: string
  readonly requestId?: string
  readonly message?: string
}

function parsed(line: string): LogLine {
  return JSON.parse(line) as LogLine
}

/** What a function sees of the place it runs in. */
export const environment: Area = {
  name: 'environment',
  cases: [
    {
      name: 'the function runs in /var/task, not as root, in UTC',
      run: async (lambda) => {
        const { seen } = await inspect(lambda)
        assert.equal(seen.cwd, '/var/task')
        assert.equal(seen.taskRoot, '/var/task')
        assert.deepEqual(seen.task, ['index.mjs'])
        assert.notEqual(seen.uid, 0)
        assert.equal(seen.timeZone, 'UTC')
      },
    },
    {
      name: 'Node.js: the heap limit follows the memory size, and the function can trigger garbage collection',
      run: async (lambda) => {
        for (const MemorySize of [128, 512]) {
          const { seen } = await inspect(lambda, { MemorySize })
          assert.ok(seen.heapMb > 0.8 * MemorySize && seen.heapMb < 1.2 * MemorySize, `${String(seen.heapMb)} MB`)
          assert.equal(seen.gc, 'function')
        }
      },
    },
    {
      name: 'a JSON log has events instead of START and REPORT, and no END',
      run: async (lambda) => {
        const LoggingConfig = { LogFormat: 'JSON' } as const
        const name = await lambda.create('misbehave-node', { LoggingConfig })
        const { log, requestId } = await lambda.invoke(name, { do: 'print', text: 'printed' }, { LogType: 'Tail' })
        const lines = log.trimEnd().split('\n').map(parsed)
        const start = lines.find(({ type }) => type === 'platform.start')
        assert.equal(start?.record?.['requestId'], requestId)
        assert.equal(start.record['version'], '$LATEST')
        const printed = lines.find(({ message }) => message === 'printed')
        assert.deepEqual([printed?.level, printed?.requestId], ['INFO', requestId])
        const { type, record } = lines.at(-1) ?? {}
        assert.deepEqual([type, record?.['requestId'], record?.['status']], ['platform.report', requestId, 'success'])
        const metrics = Object.keys(record?.['metrics'] ?? {})
        assert.deepEqual(metrics, [
          'durationMs',
          'billedDurationMs',
          'memorySizeMB',
          'maxMemoryUsedMB',
          'initDurationMs',
        ])
      },
    },
    {
      name: 'a JSON log is filtered by the configured levels',
      run: async (lambda) => {
        const LoggingConfig = { LogFormat: 'JSON', ApplicationLogLevel: 'ERROR', SystemLogLevel: 'WARN' } as const
        const name = await lambda.create('misbehave-node', { LoggingConfig })
        const { log } = await lambda.invoke(name, { do: 'levels' }, { LogType: 'Tail' })
        const kept = log.trimEnd().split('\n').map(parsed)
        assert.deepEqual(
          kept.map(({ level, message }) => [level, message]),
          [['ERROR', 'an error line']],
        )
        await lambda.configure(name, { LoggingConfig: { ...LoggingConfig, ApplicationLogLevel: 'DEBUG' } })
        assert.match((await lambda.invoke(name, { do: 'levels' }, { LogType: 'Tail' })).log, /a debug line/)
      },
    },
    {
      name: '/var/task is read-only and /tmp is writable',
      run: async (lambda) => {
        const { seen } = await inspect(lambda)
        assert.equal(seen.taskWritable, false)
        assert.equal(seen.tmpWritable, true)
        const name = await lambda.create('misbehave-node')
        const failure = failureOf(await lambda.invoke(name, { do: 'writeTask' }))
        assert.match(String(failure['errorMessage']), /^(EROFS|EACCES): /)
      },
    },
    {
      name: '/tmp is private to the environment',
      run: async (lambda) => {
        assert.equal((await inspect(lambda)).seen.tmpWrites, 1)
        assert.equal((await inspect(lambda)).seen.tmpWrites, 1)
      },
    },
    {
      name: 'the variables of Lambda have the values of the function',
      run: async (lambda) => {
        const { name, seen } = await inspect(lambda, { MemorySize: 192 })
        const { region } = lambda.target
        const expected: Record<string, string> = {
          _HANDLER: 'index.handler',
          AWS_REGION: region,
          AWS_DEFAULT_REGION: region,
          AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
          AWS_LAMBDA_FUNCTION_NAME: name,
          AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '192',
          AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
          AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
          LAMBDA_TASK_ROOT: '/var/task',
          LAMBDA_RUNTIME_DIR: '/var/runtime',
          // Of the shell that starts the runtime.
          PWD: '/var/task',
          SHLVL: '0',
          TZ: ':UTC',
          LANG: 'en_US.UTF-8',
          AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
        }
        const found = Object.fromEntries(Object.keys(expected).map((key) => [key, seen.variables[key]]))
        assert.deepEqual(found, expected)
        assert.match(
          seen.variables['AWS_LAMBDA_LOG_STREAM_NAME'] ?? '',
          /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/,
        )
        assert.match(seen.variables['AWS_LAMBDA_RUNTIME_API'] ?? '', /^[\d.]+:\d+$/)
        for (const key of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'])
          assert.ok(seen.variables[key], key)
      },
    },
    {
      name: 'the search paths hold the folders of code and layers',
      run: async (lambda) => {
        const { variables } = (await inspect(lambda)).seen
        const node =
          '/opt/nodejs/node24/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task'
        assert.equal(variables['NODE_PATH'], node)
        assert.equal(variables['PATH'], '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin')
        for (const folder of ['/var/task', '/var/task/lib', '/opt/lib']) {
          assert.ok(variables['LD_LIBRARY_PATH']?.split(':').includes(folder), folder)
        }
      },
    },
    {
      name: 'variables of the function are there, and may replace PATH, TZ and NODE_PATH',
      run: async (lambda) => {
        const given = { OWN_ONE: 'mine', EMPTY_ONE: '', LANG: 'C', NODE_PATH: '/var/task/lib' }
        const { seen } = await inspect(lambda, { Environment: { Variables: given } })
        assert.deepEqual(Object.fromEntries(Object.keys(given).map((key) => [key, seen.variables[key]])), given)
      },
    },
    {
      name: 'the version and the ARN of a published version are seen by it',
      run: async (lambda) => {
        const name = await lambda.create('inspect-node')
        await lambda.publish(name)
        const seen = valueOf<Inspection>(await lambda.invoke(name, {}, { Qualifier: '1' }))
        assert.equal(seen.variables['AWS_LAMBDA_FUNCTION_VERSION'], '1')
        assert.match(seen.variables['AWS_LAMBDA_LOG_STREAM_NAME'] ?? '', /\/\[1\][0-9a-f]{32}$/)
      },
    },
    {
      name: 'a custom log group puts the function name into the stream name',
      run: async (lambda) => {
        const { name, seen } = await inspect(lambda, { LoggingConfig: { LogGroup: '/custom/group' } })
        assert.equal(seen.variables['AWS_LAMBDA_LOG_GROUP_NAME'], '/custom/group')
        assert.ok(seen.variables['AWS_LAMBDA_LOG_STREAM_NAME']?.includes(`/${name}[$LATEST]`))
      },
    },
    {
      name: "the server's own environment variables are hidden",
      run: async (lambda) => {
        const { seen } = await inspect(lambda)
        const foreign = Object.keys(seen.variables).filter((key) =>
          /^(KUBELAMBDA_|npm_|HOME$|USER$|LOGNAME$|OLDPWD$)/.test(key),
        )
        assert.deepEqual(foreign, [])
      },
    },
    {
      name: 'the deadline lies within the timeout',
      run: async (lambda) => {
        const name = await lambda.create('context-node', { Timeout: 7 })
        const { remainingMs } = valueOf<{ remainingMs: number }>(await lambda.invoke(name))
        assert.ok(remainingMs > 3_000 && remainingMs <= 7_000, String(remainingMs))
      },
    },
    {
      name: 'a trace id sent by the caller reaches the function',
      run: async (lambda) => {
        if (lambda.target.isAws) throw new Skipped('AWS decides on sampling itself')
        const name = await lambda.create('context-node')
        const root = '1-5e1b4151-5ac6c58f40b1e1a2c3d4e5f6'
        const { json } = await lambda.raw({
          method: 'POST',
          path: `/2015-03-31/functions/${name}/invocations`,
          headers: { 'x-amzn-trace-id': `Root=${root};Parent=53995c3f42cd8ad8;Sampled=1` },
          body: '{}',
        })
        assert.match(String((json as { traceId?: string }).traceId), new RegExp(`^Root=${root};`))
      },
    },
    {
      name: 'folders and the entry point of images have the modes that they have on AWS',
      run: async (lambda) => {
        const name = await lambda.create('inspect-node')
        const expected = { '/var/task': '755', '/opt': '755', '/tmp': '1777', '/lambda-entrypoint.sh': '755' }
        const seen = valueOf<Inspection>(await lambda.invoke(name, { files: Object.keys(expected) }))
        assert.deepEqual(
          Object.fromEntries(Object.keys(expected).map((file) => [file, seen.files[file]?.mode])),
          expected,
        )
      },
    },
    {
      name: 'environments have credentials of their own',
      run: async (lambda) => {
        const [one, other] = [await inspect(lambda), await inspect(lambda)]
        for (const key of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'])
          assert.notEqual(one.seen.variables[key], other.seen.variables[key], key)
      },
    },
    {
      name: 'the environment of one function is not seen by another',
      run: async (lambda) => {
        const first = await lambda.create('misbehave-node', { Environment: { Variables: { SECRET_ONE: 'first' } } })
        const second = await lambda.create('misbehave-node')
        await lambda.invoke(first, { do: 'count' })
        answers(await lambda.invoke(second, { do: 'environment', names: ['SECRET_ONE'] }), { SECRET_ONE: null })
        answers(await lambda.invoke(second, { do: 'count' }), { calls: 1 })
      },
    },
  ],
}

async function inspect(
  lambda: CaseContext,
  changes: Parameters<CaseContext['create']>[1] = {},
): Promise<{ readonly name: string; readonly seen: Inspection }> {
  const name = await lambda.create('inspect-node', changes)
  return { name, seen: valueOf<Inspection>(await lambda.invoke(name)) }
}
