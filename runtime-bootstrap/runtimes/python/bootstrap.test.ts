import { afterEach, describe, expect, test } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { standbyFor, supervise, variablesOf, type Supervised } from '../../supervisor/supervisor.harness.ts'

const client = join(dirname(fileURLToPath(import.meta.url)), 'bootstrap.py')
const python = findPython()
/** Skipped, by name, on machines without Python. */
const describePython = python === undefined ? describe.skip : describe

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

async function start(files: string | Record<string, string>, handler = 'index.handler', variables = {}) {
  const environment = await supervise(typeof files === 'string' ? { 'index.py': files } : files)
  started.push(environment)
  const all = { ...variablesOf(environment.folder), _HANDLER: handler, PYTHONDONTWRITEBYTECODE: '1', ...variables }
  environment.assign({ command: [python ?? '', client], variables: all })
  return environment
}

const pass = 'def handler(event, context): return '

describePython('a Python handler is found', () => {
  test.each<[string, string, Record<string, string>]>([
    ['in a module', 'index.handler', { 'index.py': `${pass}1` }],
    ['in a package', 'pkg.mod.handler', { 'pkg/__init__.py': '', 'pkg/mod.py': `${pass}1` }],
    ['in a folder', 'src/mod.handler', { 'src/mod.py': `import other\n${pass}other.one`, 'other.py': 'one = 1' }],
  ])('%s', async (_name, handler, files) => {
    expect((await (await start(files, handler)).invoke()).payload).toBe('1')
  })

  test.each<[string, string, Record<string, string>, string, string]>([
    [
      'no such module',
      'gone.handler',
      {},
      'Runtime.ImportModuleError',
      "Unable to import module 'gone': No module named 'gone'",
    ],
    [
      'no such import',
      'index.handler',
      { 'index.py': 'import not_there' },
      'Runtime.ImportModuleError',
      "Unable to import module 'index': No module named 'not_there'",
    ],
    [
      'no such function',
      'index.gone',
      { 'index.py': '' },
      'Runtime.HandlerNotFound',
      "Handler 'gone' missing on module 'index'",
    ],
    [
      'no name',
      'index',
      {},
      'Runtime.MalformedHandlerName',
      "Bad handler 'index': not enough values to unpack (expected 2, got 1)",
    ],
    ['built in', 'sys.exit', {}, 'Runtime.BuiltInModuleConflict', 'Cannot use built-in module sys as a handler module'],
    [
      'broken syntax',
      'index.handler',
      { 'index.py': 'def handler(:' },
      'Runtime.UserCodeSyntaxError',
      "Syntax error in module 'index': invalid syntax (index.py, line 1)",
    ],
  ])('or missed: %s', async (_name, handler, files, errorType, errorMessage) => {
    const environment = await start(files, handler)
    const { payload, response } = await environment.invoke()
    expect(response.functionError).toBe('Unhandled')
    expect(Object.keys(JSON.parse(payload))).toEqual(['errorMessage', 'errorType', 'requestId', 'stackTrace'])
    expect(JSON.parse(payload)).toMatchObject({ errorMessage, errorType, requestId: '' })
    expect(environment.log()).toContain(`[ERROR] ${errorType}: ${errorMessage}\nTraceback (most recent call last):\n`)
    expect(environment.log()).toContain(`Phase: init\tStatus: error\tError Type: ${errorType}\n`)
  })
})

describePython("what AWS's runtime brings", () => {
  const brought = `from awslambdaric.lambda_context import LambdaContext
def handler(event, context):
    name = type(context).__module__
    try:
        import snapshot_restore_py
        return [name, isinstance(context, LambdaContext), "hooks"]
    except ImportError as error:
        return [name, isinstance(context, LambdaContext), str(error)]`

  test.each([
    ['3.11', "No module named 'snapshot_restore_py'"],
    ['3.12', 'hooks'],
    ['3.14', 'hooks'],
  ])('is found by functions for Python %s', async (version, hooks) => {
    const environment = await start(brought, undefined, { AWS_EXECUTION_ENV: `AWS_Lambda_python${version}` })
    const { payload } = await environment.invoke()
    expect(JSON.parse(payload)).toEqual(['awslambdaric.lambda_context', true, hooks])
  })

  test('registers hooks of SnapStart by decorators and by calls, and runs none of them', async () => {
    const code = `from snapshot_restore_py import register_before_snapshot, register_after_restore
ran = []
@register_before_snapshot
def before(): ran.append("before")
@register_after_restore
def after(): ran.append("after")
register_after_restore(ran.append, "more")
def handler(event, context): return [ran, before.__name__, after.__name__]`
    const environment = await start(code, undefined, { AWS_EXECUTION_ENV: 'AWS_Lambda_python3.12' })
    expect((await environment.invoke()).payload).toBe('[[], "before", "after"]')
  })

  test("is not found before the function's own", async () => {
    const files = {
      'index.py': 'import snapshot_restore_py as s\ndef handler(e, c): return s.own',
      'snapshot_restore_py.py': 'own = 1',
    }
    const environment = await start(files, undefined, { AWS_EXECUTION_ENV: 'AWS_Lambda_python3.12' })
    expect((await environment.invoke()).payload).toBe('1')
  })

  test('makes a context as tests of functions do', async () => {
    const code = `from awslambdaric.lambda_context import LambdaContext
def handler(event, context):
    made = LambdaContext("id", {"custom": {"a": 1}}, {"cognitoIdentityId": "c"}, 0, "arn")
    return [made.aws_request_id, made.client_context.custom, made.identity.cognito_identity_id, made.get_remaining_time_in_millis(), made.invoked_function_arn]`
    expect((await (await start(code)).invoke()).payload).toBe('["id", {"a": 1}, "c", 0, "arn"]')
  })
})

describePython('an error of the initialisation', () => {
  test("comes behind AWS's warning", async () => {
    const environment = await start('import not_there')
    await environment.invoke()
    expect(environment.log()).toMatch(
      /\[WARNING\]\t\d{4}-\S+Z\t\tLAMBDA_WARNING: Unhandled exception\. The most .*runtimes-update\.html\n\[ERROR\] Runtime\.ImportModuleError: /,
    )
  })

  test('has the warning as a record of a JSON log, unless its level hides it', async () => {
    const json = { AWS_LAMBDA_LOG_FORMAT: 'JSON' }
    const environment = await start('import not_there', undefined, json)
    await environment.invoke()
    expect(environment.log()).toMatch(/"level": "WARNING", "message": "LAMBDA_WARNING: Unhandled exception\. /)
    const quiet = await start('import not_there', undefined, { ...json, AWS_LAMBDA_LOG_LEVEL: 'ERROR' })
    await quiet.invoke()
    expect(quiet.log()).not.toContain('LAMBDA_WARNING')
  })

  test('of an invocation has none', async () => {
    const environment = await start('def handler(event, context): raise ValueError("no")')
    await environment.invoke()
    expect(environment.log()).not.toContain('LAMBDA_WARNING')
  })
})

describePython('a Python handler responds', () => {
  test.each([
    ['a dictionary, with spaces', `{"a": [1, 2.5, None, True]}`, '{"a": [1, 2.5, null, true]}'],
    ['nothing', 'None', 'null'],
    [
      'decimals, to the last digit',
      `[D("1.10"), {"a": D("3.14159265358979323846")}, D("1E+2"), D("NaN")]`,
      '[1.10, {"a": 3.14159265358979323846}, 1E+2, NaN]',
    ],
    ['bytes among others', `{"a": b"\\xc3\\xbc", "b": D(2)}`, '{"a": "\\u00fc", "b": 2}'],
    ['bytes', `b"raw"`, 'raw'],
  ])('%s', async (_name, code, payload) => {
    const variables = { AWS_EXECUTION_ENV: 'AWS_Lambda_python3.11' }
    const environment = await start(`from decimal import Decimal as D\n${pass}${code}`, undefined, variables)
    expect((await environment.invoke()).payload).toBe(payload)
  })

  test.each([
    ['python3.11', '"\\u00fc"'],
    ['python3.14', '"ü"'],
  ])('with characters as %s writes them', async (runtime, payload) => {
    const environment = await start(`${pass}"ü"`, undefined, { AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}` })
    expect((await environment.invoke()).payload).toBe(payload)
  })

  test('with a context that can be printed', async () => {
    const environment = await start('def handler(event, context): print(context)')
    const { log, done } = await environment.invoke({ clientContext: '{"custom":{"k":"v"}}' })
    expect(log).toContain(`\nLambdaContext([aws_request_id=${done.requestId},log_group_name=/aws/lambda/f,`)
    expect(log).toContain(
      ",client_context=ClientContext([custom={'k': 'v'},env=None,client=None])," +
        'identity=CognitoIdentity([cognito_identity_id=None,cognito_identity_pool_id=None]),tenant_id=None])\n',
    )
  })

  test('with the event, for several invocations', async () => {
    const environment = await start(`${pass}event`)
    for (const event of ['{"a": "é"}', '[]', '"x"', '1']) {
      const { payload, response } = await environment.invoke({ event })
      expect([JSON.parse(payload), response.contentType]).toEqual([JSON.parse(event), 'application/json'])
    }
  })

  test('with the members of the context', async () => {
    const environment = await start(`import os
def handler(event, c):
    names = ["function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb", "aws_request_id", "log_group_name", "log_stream_name"]
    return {**{n: getattr(c, n) for n in names}, "custom": c.client_context.custom, "identity": c.identity.cognito_identity_id,
            "left": 0 < c.get_remaining_time_in_millis() <= 3000, "trace": os.environ["_X_AMZN_TRACE_ID"]}`)
    const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f:live'
    const { payload, done } = await environment.invoke({
      functionArn,
      clientContext: '{"custom":{"k":"v"}}',
      traceId: 'Root=1',
    })
    expect(JSON.parse(payload)).toEqual({
      function_name: 'f',
      function_version: '$LATEST',
      invoked_function_arn: functionArn,
      memory_limit_in_mb: '512',
      aws_request_id: done.requestId,
      log_group_name: '/aws/lambda/f',
      log_stream_name: '2026/01/01/[$LATEST]0',
      custom: { k: 'v' },
      identity: null,
      left: true,
      trace: 'Root=1',
    })
  })
})

describePython('a Python handler fails', () => {
  test('with its exception, and stays warm', async () => {
    const environment = await start('def handler(event, context):\n    raise Exception("Handler fails")\n')
    for (let round = 0; round < 2; round++) {
      const { payload, log, done } = await environment.invoke()
      const line = `  File "${environment.folder}/index.py", line 2, in handler\n    raise Exception("Handler fails")\n`
      expect(JSON.parse(payload)).toEqual({
        errorMessage: 'Handler fails',
        errorType: 'Exception',
        requestId: done.requestId,
        stackTrace: [line],
      })
      const shown = line.replace(/^ +/gm, (blanks) => '\u00a0'.repeat(blanks.length))
      expect(log).toContain(`[ERROR] Exception: Handler fails\nTraceback (most recent call last):\n${shown}END`)
    }
  })

  test('with an exception without a message', async () => {
    const { log } = await (await start('def handler(event, context): raise ValueError()')).invoke()
    expect(log).toContain('[ERROR] ValueError\nTraceback (most recent call last):\n')
  })

  test('with a result that is not JSON', async () => {
    const { payload } = await (await start(`${pass}{1, 2}`)).invoke()
    expect(JSON.parse(payload)).toMatchObject({
      errorType: 'Runtime.MarshalError',
      errorMessage: 'Unable to marshal response: Object of type set is not JSON serializable',
    })
  })

  test.each([
    ['in the handler', 'import sys\ndef handler(event, context): sys.exit(0)'],
    ['while it is imported', 'import sys\nsys.exit(0)'],
  ])('by sys.exit %s, which is an exit', async (_name, code) => {
    const { payload, done } = await (await start(code)).invoke()
    expect(JSON.parse(payload)).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${done.requestId} Error: Runtime exited without providing a reason`,
    })
  })
})

describePython('the Python log', () => {
  const code = `import logging, sys
log = logging.getLogger()
def handler(event, context):
    print("plain"); print("error", file=sys.stderr)
    log.info("not shown"); log.warning("careful %d", 1)
    try: 1 / 0
    except ZeroDivisionError: logging.getLogger("sub").exception("oops")`

  test('has plain prints and prefixed records, WARNING and above', async () => {
    const { log, done } = await (await start(code)).invoke()
    const lines = log.split('\n').slice(2, -3)
    expect(lines.slice(0, 2)).toEqual(['plain', 'error'])
    expect(lines[2]).toMatch(/^\[WARNING\]\t[-\d]+T[:\d]+\.\d{3}Z\t/)
    expect(lines[2]).toMatch(new RegExp(`\t${done.requestId}\tcareful 1$`))
    expect(lines[3]).toMatch(/^\[ERROR\]\t.*\toops$/)
    expect(lines[4]).toBe('Traceback (most recent call last):')
    expect(lines.at(-1)).toBe('ZeroDivisionError: division by zero')
  })

  test("has the function's format", async () => {
    const own = `import logging
logging.getLogger().handlers[0].setFormatter(logging.Formatter("%(levelname)s|%(aws_request_id)s|%(message)s"))
def handler(event, context): logging.warning("first"); logging.warning("second")`
    const { log, done } = await (await start(own)).invoke()
    expect(log).toContain(`\nWARNING|${done.requestId}|first\nWARNING|${done.requestId}|second\nEND`)
  })

  test('is JSON from the configured level on', async () => {
    const variables = { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'ERROR' }
    const { log, done } = await (await start(code, undefined, variables)).invoke()
    const records = log.split('\n').filter((line) => line.startsWith('{'))
    expect(records.map((line) => JSON.parse(line))).toEqual([
      {
        timestamp: expect.stringMatching(/^[-\d]+T[:\d]+Z$/),
        level: 'ERROR',
        message: 'oops',
        logger: 'sub',
        stackTrace: [expect.stringMatching(/^ {2}File ".*index\.py", line 6, in handler\n {4}try: 1 \/ 0\n/)],
        errorType: 'ZeroDivisionError',
        errorMessage: 'division by zero',
        location: expect.stringMatching(/index\.py:handler:7$/),
        requestId: done.requestId,
      },
    ])
  })
})

describePython('a Python standby runtime', () => {
  test("becomes the function's: its variables, its folder, and no trace of its start", async () => {
    const command = [python ?? '', client]
    const environment = await supervise(
      {
        'index.py': `import os, sys
def handler(event, context):
    return {'commandLine': open('/proc/self/cmdline').read(), 'argv': sys.argv[1:], 'cwd': os.getcwd(), 'variables': dict(os.environ)}`,
      },
      () => standbyFor(command, { LEFT: 'over' }),
    )
    started.push(environment)
    const variables = { ...variablesOf(environment.folder), MINE: 'é\n1' }
    environment.assign({ command, variables, timeoutMs: 20_000 })
    const found = JSON.parse((await environment.invoke()).payload) as Record<string, unknown>
    expect(found).toMatchObject({ argv: [], cwd: environment.folder, variables })
    expect(found['commandLine']).toContain('--standby')
    expect(found['variables']).not.toHaveProperty('LEFT')
  })
})

function findPython(): string | undefined {
  try {
    return execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}
