import { afterEach, describe, expect, test } from '@jest/globals'
import { writeFileSync } from 'node:fs'
import { supervise, variablesOf, type Supervised } from '../supervisor/supervisor.harness.ts'
import { isGone, stateOf, until } from '../processes/process-state.harness.ts'
import { extension, filesOf, listener, pidIn, saidBy, webAdapter, webServer } from './extension.harness.ts'

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

const echo = 'exports.handler = async (event) => event'

/** Starts a supervisor over a function and extensions, by name. */
async function start(code: string | Record<string, string>, extensions: Record<string, string>): Promise<Supervised> {
  const own = typeof code === 'string' ? { 'index.js': code } : code
  const supervised = await supervise({ ...own, ...filesOf(extensions) })
  started.push(supervised)
  return supervised
}

const faultBody = (errorType: string, id: string, text: string) =>
  JSON.stringify({ errorType, errorMessage: `RequestId: ${id} Error: ${text}` })

describe('an external extension', () => {
  test('starts before the runtime, which waits for its registration', async () => {
    const slow = extension(`say('starting'); await new Promise((r) => setTimeout(r, 50)); say('registering')
      await register([]); await next()`)
    const environment = await start(`console.log('the runtime'); ${echo}`, { a: slow, b: slow })
    environment.assign()
    const { payload, log } = await environment.invoke({ event: '1' })
    expect(payload).toBe('1')
    const runtime = log.indexOf('the runtime')
    expect(runtime).toBeGreaterThan(log.indexOf('a: registering'))
    expect(runtime).toBeGreaterThan(log.indexOf('b: registering'))
  })

  test('learns the function when it registers, and the account only on request', async () => {
    const curious = extension(`say((await register([])).text.trim()); await next()`)
    const accepting = extension(`
      say((await register([], { 'Lambda-Extension-Accept-Feature': 'other, accountId' })).text.trim()); await next()`)
    const environment = await start(echo, { curious, accepting })
    environment.assign()
    await environment.ready()
    const identity = { functionName: 'f', functionVersion: '$LATEST', handler: 'index.handler' }
    expect(saidBy('curious', environment.log())).toEqual([JSON.stringify(identity)])
    expect(saidBy('accepting', environment.log())).toEqual([JSON.stringify({ accountId: '000000000000', ...identity })])
  })

  test("has the function's variables except those for the runtime", async () => {
    const nosy = extension(`say(Object.keys(process.env).sort()); await register([]); await next()`)
    const environment = await start(echo, { nosy })
    environment.assign({ variables: { ...variablesOf(environment.folder), AWS_EXECUTION_ENV: 'x', MINE: 'y' } })
    await environment.ready()
    const names = JSON.parse(saidBy('nosy', environment.log())[0]!) as string[]
    expect(names).toEqual(
      expect.arrayContaining(['AWS_LAMBDA_RUNTIME_API', 'AWS_LAMBDA_FUNCTION_NAME', 'MINE', 'PATH']),
    )
    for (const name of ['_HANDLER', 'LAMBDA_TASK_ROOT', 'AWS_LAMBDA_LOG_GROUP_NAME', 'AWS_EXECUTION_ENV']) {
      expect(names).not.toContain(name)
    }
  })

  test('is not started, and has no API, if layers disable extensions', async () => {
    const asks = `const http = require('node:http')
      exports.handler = () => new Promise((resolve) => http.request('http://' + process.env.AWS_LAMBDA_RUNTIME_API +
        '/2020-01-01/extension/register', { method: 'POST' }, (answer) => resolve(answer.statusCode)).end())`
    const files = { 'index.js': asks, 'layer/disable-extensions-jwigqn8j': '' }
    const environment = await start(files, { a: listener('INVOKE') })
    environment.assign()
    const { payload, log } = await environment.invoke()
    expect(payload).toBe('404')
    expect(saidBy('a', log)).toEqual([])
  })

  test('in a subfolder is not started', async () => {
    const environment = await start(echo, { 'a/inner': '#!/nowhere\n' })
    environment.assign()
    expect((await environment.invoke({ event: '1' })).payload).toBe('1')
  })

  test.each([
    ['that is not executable', 'text', 'permission denied'],
    ['whose interpreter is missing', '#!/nowhere/sh\n', 'no such file or directory'],
  ])('%s is a launch error, with each attempt', async (_, text, reason) => {
    const environment = await start(echo, { broken: text })
    environment.assign()
    const { payload, done } = await environment.invoke()
    const message = `fork/exec /opt/extensions/broken: ${reason}`
    expect(payload).toBe(faultBody('Extension.LaunchError', done.requestId, message))
    expect(environment.log()).toMatch(/Phase: init\tStatus: error\tError Type: Extension.LaunchError\n/)
    expect(environment.log()).toMatch(/Phase: invoke\tStatus: error\tError Type: Extension.LaunchError\n/)
  })

  test('that never registers delays the runtime until the initialisation timeout', async () => {
    const environment = await start(`console.log('the runtime'); ${echo}`, {
      idle: extension('setInterval(() => 0, 1000)'),
    })
    environment.assign({ initTimeoutMs: 300, timeoutMs: 600 })
    const { payload, done } = await environment.invoke()
    expect(payload).toBe(faultBody('Sandbox.Timedout', done.requestId, 'Task timed out after 0.60 seconds'))
    expect(environment.log()).not.toContain('the runtime')
    expect(environment.log()).toMatch(/Phase: init\tStatus: timeout\n/)
  })
})

describe('initialisation', () => {
  test('ends when each extension has requested its first event', async () => {
    const late = extension(`await register([]); say('registered')
      await until(() => fs.existsSync(process.env.LATE)); say('asks'); await next()`)
    const environment = await start(`console.log('the runtime'); ${echo}`, { late })
    environment.assign({ variables: { ...variablesOf(environment.folder), LATE: `${environment.folder}/go` } })
    const requestId = environment.send({ event: '1' })
    await environment.waitForLog('the runtime')
    expect(environment.log()).not.toContain('\nSTART')
    writeFileSync(`${environment.folder}/go`, '')
    const { payload } = await environment.end(requestId)
    expect(payload).toBe('1')
    expect(environment.log()).toMatch(/late: asks\n[^]*START/)
  })

  test("fails with an extension's init error, and is repeated in the first invocation", async () => {
    const broken = extension(`await register([]); await fail('init', 'Extension.NoConfig'); process.exit(1)`)
    const environment = await start(echo, { broken })
    environment.assign()
    await environment.waitForLog('Phase: init\tStatus: error\tError Type: Extension.InitError\n')
    const { payload, done } = await environment.invoke()
    expect(payload).toBe(faultBody('Extension.InitError', done.requestId, 'Extension.NoConfig'))
    expect(done).toMatchObject({ status: 'error', errorType: 'Extension.InitError' })
  })

  test.each([
    ['process.exit(0)', 'exit status 0'],
    ['process.exit(3)', 'exit status 3'],
    [`process.kill(process.pid, 'SIGKILL')`, 'signal: killed'],
  ])('fails when an extension ends with %s', async (code, text) => {
    const environment = await start(echo, { brief: extension(code) })
    environment.assign()
    const { payload, done } = await environment.invoke()
    expect(payload).toBe(faultBody('Extension.Crash', done.requestId, text))
  })

  test('that fails also restarts the extensions', async () => {
    const second =
      extension(`if (!fs.existsSync(process.env.MARK)) { fs.writeFileSync(process.env.MARK, ''); process.exit(1) }
      await register(['INVOKE']); for (;;) say((await next()).json().eventType)`)
    const environment = await start(echo, { second, steady: listener('INVOKE') })
    environment.assign({ variables: { ...variablesOf(environment.folder), MARK: `${environment.folder}/mark` } })
    const { payload, done } = await environment.invoke({ event: '1' })
    expect([payload, done.status]).toEqual(['1', 'success'])
    expect(saidBy('second', environment.log())).toEqual(['INVOKE'])
    expect(saidBy('steady', environment.log())).toHaveLength(1)
  })
})

describe('an invocation', () => {
  test('is an event, without the payload, for extensions that registered for it', async () => {
    const environment = await start(echo, { all: listener('INVOKE', 'SHUTDOWN'), none: listener() })
    environment.assign({ timeoutMs: 5000 })
    await environment.invoke({ event: '{"secret":1}', traceId: 'Root=1-2-3' })
    const { done } = await environment.invoke({ functionArn: 'arn:f:live' })
    const [first, second] = saidBy('all', environment.log()).map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(first).toEqual({
      eventType: 'INVOKE',
      deadlineMs: expect.any(Number),
      requestId: expect.any(String),
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
      tracing: { type: 'X-Amzn-Trace-Id', value: 'Root=1-2-3' },
    })
    expect(second).toEqual({
      ...first,
      requestId: done.requestId,
      invokedFunctionArn: 'arn:f:live',
      deadlineMs: expect.any(Number),
      tracing: undefined,
    })
    expect(saidBy('none', environment.log())).toEqual([])
  })

  test('has an event identifier in the header', async () => {
    const heads = extension(`await register(['INVOKE'])
      for (;;) { const { headers } = await next(); say([headers['content-type'], headers['lambda-extension-event-identifier']]) }`)
    const environment = await start(echo, { heads })
    environment.assign()
    await environment.invoke()
    expect(JSON.parse(saidBy('heads', environment.log())[0]!)).toEqual([
      'application/json',
      expect.stringMatching(/^[-0-9a-f]{36}$/),
    ])
  })

  test('returns its response while an extension still works, and ends when it is done', async () => {
    const slow = extension(`await register(['INVOKE'])
      for (;;) { await next(); await until(() => fs.existsSync(process.env.DONE)); say('done') }`)
    const environment = await start(echo, { slow })
    environment.assign({
      timeoutMs: 20_000,
      variables: { ...variablesOf(environment.folder), DONE: `${environment.folder}/done` },
    })
    const requestId = environment.send({ event: '1' })
    expect((await environment.answer(requestId)).payload).toBe('1')
    expect(environment.log()).not.toContain('REPORT')
    writeFileSync(`${environment.folder}/done`, '')
    const { done, log } = await environment.end(requestId)
    expect(done.status).toBe('success')
    expect(log).toMatch(/slow: done\nEND .*\nREPORT .*\t\n$/)
  })

  test('that an extension delays beyond the timeout keeps its response, and the environment is reset', async () => {
    const stuck = extension(
      `await register(['INVOKE']); await next(); say('pid ' + process.pid); setInterval(() => 0, 1000)`,
    )
    const environment = await start('let n = 0; exports.handler = async () => ++n', { stuck })
    environment.assign({ timeoutMs: 3000 })
    const { payload, response, done, log } = await environment.invoke()
    expect([payload, response.functionError, done.status]).toEqual(['1', undefined, 'timeout'])
    expect(log).toMatch(/Task timed out after 3.00 seconds\n\nEND .*\nREPORT .*\tStatus: timeout\n$/)
    expect(isGone(pidIn(log, 'stuck'))).toBe(true)
    expect((await environment.invoke()).payload).toBe('1')
  })

  test('fails when an extension exits meanwhile', async () => {
    const brief = extension(`await register(['INVOKE']); await next(); process.exit(7)`)
    const environment = await start('exports.handler = () => new Promise(() => setInterval(() => 0, 1000))', { brief })
    environment.assign({ timeoutMs: 20_000 })
    const { payload, done, log } = await environment.invoke()
    expect(payload).toBe(faultBody('Extension.Crash', done.requestId, 'exit status 7'))
    expect(log).toMatch(
      /Error: exit status 7\nExtension.Crash\nEND .*\nREPORT .*\tStatus: error\tError Type: Extension.Crash\n$/,
    )
  })

  test('fails with an error that an extension reports meanwhile', async () => {
    const broken = extension(
      `await register(['INVOKE']); await next(); say((await fail('exit', 'Extension.Lost')).status); process.exit(1)`,
    )
    const environment = await start('exports.handler = () => new Promise(() => setInterval(() => 0, 1000))', { broken })
    environment.assign({ timeoutMs: 20_000 })
    const { payload, done, log } = await environment.invoke()
    expect(payload).toBe(faultBody('Extension.ExitError', done.requestId, 'Extension.Lost'))
    expect(saidBy('broken', log)).toEqual(['202'])
  })

  test('restarts extensions that exited after the previous one', async () => {
    const killed = extension(
      `await register(['INVOKE']); say('pid ' + process.pid); for (;;) say((await next()).json().eventType)`,
    )
    const environment = await start('let n = 0; exports.handler = async () => ++n', { killed })
    environment.assign()
    const { log } = await environment.invoke()
    process.kill(pidIn(log, 'killed'), 'SIGKILL')
    // Its parent, the supervisor, has heard of it then.
    await until(() => stateOf(pidIn(log, 'killed')) === '')
    const { payload, done } = await environment.invoke()
    expect([payload, done.status]).toEqual(['1', 'success'])
  })

  test('thaws extensions that were frozen with the runtime', async () => {
    const environment = await start('exports.handler = async () => process.pid', {
      frozen: extension(
        `await register(['INVOKE']); say('pid ' + process.pid); for (;;) say((await next()).json().eventType)`,
      ),
    })
    environment.assign()
    const { payload, log } = await environment.invoke()
    const pids = [Number(payload), pidIn(log, 'frozen')]
    for (const pid of pids) await until(() => stateOf(pid) === 'T')
    await environment.invoke()
    expect(saidBy('frozen', environment.log()).filter((line) => line === 'INVOKE')).toHaveLength(2)
  })
})

test('an adapter requests the events for a runtime that is a web server', async () => {
  const environment = await start({ bootstrap: webServer }, { adapter: webAdapter })
  const variables = { ...variablesOf(environment.folder), TMPDIR: environment.folder }
  environment.assign({ command: [], variables })
  for (const path of ['/a', '/b']) {
    const { payload, done } = await environment.invoke({ event: JSON.stringify({ path }) })
    expect([JSON.parse(payload), done.status]).toEqual([{ statusCode: 200, body: `page ${path}` }, 'success'])
  }
  await environment.shutdown()
  expect(environment.log()).toContain('the web server ends\n')
})

test('output of extensions is logged in whole lines, in whatever chunks it arrives', async () => {
  const environment = await start(
    `process.stdout.write('begun '); exports.handler = async () => { process.stdout.write('ended'); return 1 }`,
    {
      pieces:
        extension(`await register(['INVOKE']); fs.writeSync(1, 'one '); fs.writeSync(2, 'line'); const asked = next()
        fs.writeSync(1, '\\nlast'); await asked; process.exit(1)`),
    },
  )
  environment.assign()
  const { log } = await environment.invoke()
  expect(log.split('\n')).toEqual(expect.arrayContaining(['one line', 'last']))
})
