import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { isGone, stateOf, until } from '../processes/process-state.harness.ts'
import { supervise, variablesOf, type InvokeOptions, type Supervised } from './supervisor.harness.ts'

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

async function start(code: string | Record<string, string>): Promise<Supervised> {
  const supervised = await supervise(typeof code === 'string' ? { 'index.js': code } : code)
  started.push(supervised)
  return supervised
}

const echo = 'exports.handler = async (event) => event'
const body = (errorType: string, id: string, text: string) =>
  JSON.stringify({ errorType, errorMessage: `RequestId: ${id} Error: ${text}` })

describe('a successful invocation', () => {
  test('returns a response and a report, and is logged from INIT_START to REPORT in order', async () => {
    const environment = await start(
      `console.log('cold'); exports.handler = async (e) => { console.log('warm'); return { got: e } }`,
    )
    environment.assign()
    const { response, payload, done, log } = await environment.invoke({ event: '{"a": 1}' })
    expect(payload).toBe('{"got":{"a":1}}')
    expect(response).toEqual({ type: 'response', requestId: done.requestId, contentType: 'application/json' })
    const billedDurationMs = Math.ceil(done.durationMs + done.initDurationMs!)
    expect(done).toMatchObject({ status: 'success', billedDurationMs })
    expect(done.maxMemoryUsedMb).toBeGreaterThan(10)
    const figures = `Duration: ${done.durationMs.toFixed(2)} ms\tBilled Duration: ${done.billedDurationMs} ms`
    const memory = `Memory Size: 512 MB\tMax Memory Used: ${done.maxMemoryUsedMb} MB`
    expect(log.split('\n')).toEqual([
      'INIT_START Runtime Version: nodejs:24\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:0',
      expect.stringMatching(/^[-\dT:.]+Z\tundefined\tINFO\tcold$/),
      `START RequestId: ${done.requestId} Version: $LATEST`,
      expect.stringMatching(/^[-\dT:.]+Z\t[-0-9a-f]+\tINFO\twarm$/),
      `END RequestId: ${done.requestId}`,
      `REPORT RequestId: ${done.requestId}\t${figures}\t${memory}\tInit Duration: ${done.initDurationMs!.toFixed(2)} ms\t`,
      '',
    ])
  })

  test('leaves a warm environment, whose next REPORT has no Init Duration', async () => {
    const environment = await start('let n = 0; exports.handler = async () => ++n')
    environment.assign()
    expect((await environment.invoke()).payload).toBe('1')
    const { payload, log, done } = await environment.invoke()
    expect(payload).toBe('2')
    expect(log).not.toContain('Init')
    expect(done.initDurationMs).toBeUndefined()
  })

  test('has the last 4 KB of its log in the tail, from START on', async () => {
    const environment = await start(
      `exports.handler = async (n) => { for (let i = 0; i < n; i++) console.log('line ' + i) }`,
    )
    environment.assign()
    const short = await environment.invoke({ event: '2', tail: true })
    const tail = Buffer.from(short.done.logTail!, 'base64').toString()
    expect(tail).toMatch(/^START RequestId: .*\n.*line 0\n.*line 1\nEND .*\nREPORT .*\t\n$/)
    const long = await environment.invoke({ event: '5000', tail: true })
    const end = Buffer.from(long.done.logTail!, 'base64')
    expect(end.length).toBe(4096)
    expect(end.toString()).toMatch(/line 4999\nEND .*\nREPORT .*\t\n$/)
    expect(long.log.match(/line \d+/g)).toHaveLength(5000)
  })

  test('returns the bytes as posted', async () => {
    const environment = await start(`exports.handler = async (e) => ({ text: 'é€😀' + e, big: 'x'.repeat(1_000_000) })`)
    environment.assign()
    const { payload } = await environment.invoke({ event: '"ü"' })
    expect(payload).toBe(JSON.stringify({ text: 'é€😀ü', big: 'x'.repeat(1_000_000) }))
  })

  test('may arrive right after the assignment or after ready', async () => {
    const environment = await start(echo)
    environment.assign()
    expect(await environment.ready()).toBeGreaterThan(0)
    expect((await environment.invoke({ event: '1' })).payload).toBe('1')
  })
})

describe('a function that fails', () => {
  test('keeps its environment when the handler throws', async () => {
    const environment = await start(
      `let n = 0; exports.handler = async () => { if (n++ === 0) throw new TypeError('no'); return n }`,
    )
    environment.assign()
    const { response, payload, done, log } = await environment.invoke()
    expect(response.functionError).toBe('Unhandled')
    expect(JSON.parse(payload)).toMatchObject({ errorType: 'TypeError', errorMessage: 'no' })
    expect(done.status).toBe('failure')
    expect(log).toMatch(/\tERROR\tInvoke Error \t\{"errorType":"TypeError","errorMessage":"no"/)
    expect((await environment.invoke()).payload).toBe('2')
  })

  test.each([
    ['process.exit(0)', 'Runtime exited without providing a reason'],
    ['process.exit(7)', 'Runtime exited with error: exit status 7'],
    [`process.kill(process.pid, 'SIGKILL')`, 'Runtime exited with error: signal: killed'],
    ['process.abort()', 'Runtime exited with error: signal: aborted'],
  ])('%s is answered with AWS text and a new initialisation', async (code, text) => {
    const environment = await start(
      `let n = 0; exports.handler = async (e) => { n++; if (e.die) { console.log('last words'); ${code} } return n }`,
    )
    environment.assign()
    expect((await environment.invoke()).payload).toBe('1')
    const { response, payload, done, log } = await environment.invoke({ event: '{"die":true}' })
    expect(response.functionError).toBe('Unhandled')
    expect(payload).toBe(body('Runtime.ExitError', done.requestId, text))
    expect(done).toMatchObject({ status: 'error', errorType: 'Runtime.ExitError' })
    expect(log).toMatch(/last words\n/)
    expect(log).toContain(
      `RequestId: ${done.requestId} Error: ${text}\nRuntime.ExitError\nEND RequestId: ${done.requestId}\nREPORT`,
    )
    expect(log).toMatch(/Max Memory Used: \d+ MB\tStatus: error\tError Type: Runtime.ExitError\n$/)
    const again = await environment.invoke()
    expect(again.payload).toBe('1')
    expect(again.log).toMatch(/^INIT_START .*\nSTART .*\nEND .*\nREPORT .*\t\n$/)
    expect(again.log).not.toContain('Init Duration')
  })

  test.each<InvokeOptions>([{}, { isEvent: true }])(
    'keeps its answer when it dies before the next (%j)',
    async (options) => {
      const environment = await start({
        bootstrap: `#!${process.execPath}
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/invocation/'
fetch(base + 'next').then(async (r) => {
  await fetch(base + r.headers.get('lambda-runtime-aws-request-id') + '/response', { method: 'POST', body: '"ok"' })
  process.exit(3)
})`,
      })
      environment.assign({ command: [] })
      const { response, payload, done } = await environment.invoke(options)
      expect([payload, response.functionError]).toEqual(['"ok"', undefined])
      expect(done).toMatchObject({ status: 'error', errorType: 'Runtime.ExitError' })
    },
  )

  test('that uses too much memory is killed', async () => {
    const environment = await start(`const kept = []; exports.handler = async () => {
      for (;;) { kept.push(Buffer.alloc(4_000_000, 1)); await new Promise((r) => setTimeout(r, 5)) } }`)
    environment.assign({ memoryMb: 150, timeoutMs: 20_000 })
    const { payload, done, log } = await environment.invoke()
    expect(payload).toBe(body('Runtime.OutOfMemory', done.requestId, 'Runtime exited with error: signal: killed'))
    expect(log).toMatch(/Status: error\tError Type: Runtime.OutOfMemory\n$/)
    expect(done.maxMemoryUsedMb).toBeGreaterThanOrEqual(150)
  })

  const onLinux = process.platform === 'linux' ? test : test.skip
  onLinux('is what the kernel ends first where memory runs out, not the supervisor', async () => {
    const environment = await start(`exports.handler = async () =>
      Number(require('node:fs').readFileSync('/proc/self/oom_score_adj', 'utf8'))`)
    environment.assign()
    expect((await environment.invoke()).payload).toBe('1000')
  })

  test('that returns too large a response stays warm', async () => {
    const environment = await start(`exports.handler = async (n) => 'x'.repeat(n)`)
    environment.assign()
    const limit = 6 * 1024 * 1024 + 100
    for (let round = 0; round < 2; round++) {
      const { response, payload, done } = await environment.invoke({ event: String(limit - 1) })
      expect(response.functionError).toBe('Unhandled')
      expect(payload).toBe(
        `{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}`,
      )
      expect(done.errorType).toBe('Function.ResponseSizeTooLarge')
    }
    const { payload, log } = await environment.invoke({ event: String(limit - 2) })
    expect(payload).toHaveLength(limit)
    expect(log).not.toContain('INIT_START')
  })
})

describe('time', () => {
  test('ends a handler at the function timeout, with /tmp kept and globals gone', async () => {
    const environment = await start(
      `let n = 0; exports.handler = async (e) => { n++; console.log('n', n); return e.hang ? new Promise(() => setInterval(() => 0, 1000)) : n; }`,
    )
    environment.assign({ timeoutMs: 1000 })
    const { payload, done, log } = await environment.invoke({ event: '{"hang":true}', tail: true })
    expect(payload).toBe(
      `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ${done.requestId} Error: Task timed out after 1.00 seconds"}`,
    )
    const billedDurationMs = Math.ceil(1000 + done.initDurationMs!)
    expect(done).toMatchObject({ status: 'timeout', durationMs: 1000, billedDurationMs })
    expect(log).toMatch(
      /n 1\n[-\dT:.]+Z [-0-9a-f]+ Task timed out after 1.00 seconds\n\nEND .*\nREPORT .*Init Duration: [\d.]+ ms\tStatus: timeout\n$/,
    )
    expect(Buffer.from(done.logTail!, 'base64').toString()).toMatch(/^START[^]*Status: timeout\n$/)
    expect((await environment.invoke()).payload).toBe('1')
  })

  test('also ends a busy loop', async () => {
    const environment = await start('exports.handler = async () => { for (;;); }')
    environment.assign({ timeoutMs: 300 })
    expect((await environment.invoke()).done.status).toBe('timeout')
  })

  test.each<InvokeOptions>([{}, { isEvent: true }])(
    'keeps a response that no request for the next event follows (%j)',
    async (options) => {
      const environment = await start({
        bootstrap: `#!${process.execPath}
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/invocation/'
fetch(base + 'next').then(async (r) => {
  await fetch(base + r.headers.get('lambda-runtime-aws-request-id') + '/response', { method: 'POST', body: '"ok"' })
  setInterval(() => 0, 1000)
})`,
      })
      environment.assign({ command: [], timeoutMs: 500 })
      const { payload, response, done } = await environment.invoke(options)
      expect([payload, response.functionError, done.status]).toEqual(['"ok"', undefined, 'timeout'])
    },
  )

  test('has the deadline in the context', async () => {
    const environment = await start('exports.handler = async (e, c) => c.getRemainingTimeInMillis()')
    environment.assign({ timeoutMs: 5000 })
    const left = Number((await environment.invoke()).payload)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(5000)
  })
})

describe('initialisation', () => {
  test('that throws is repeated in the invocation, which returns its error', async () => {
    const environment = await start(`console.log('loading'); throw new RangeError('bad start')`)
    environment.assign()
    await environment.waitForLog('INIT_REPORT')
    const { response, payload, done, log } = await environment.invoke({ tail: true })
    expect(response.functionError).toBe('Unhandled')
    expect(JSON.parse(payload)).toMatchObject({ errorType: 'RangeError', errorMessage: 'bad start' })
    expect(done.status).toBe('error')
    expect(environment.log()).toMatch(
      /INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\tError Type: [\w.]+\n/,
    )
    expect(log).toMatch(
      /^INIT_START .*\n.*loading\n[^]*INIT_REPORT Init Duration: [\d.]+ ms\tPhase: invoke\tStatus: error\tError Type: [\w.]+\nSTART .*\nEND .*\nREPORT .*Status: error/,
    )
  })

  test('that exits is an exit error', async () => {
    const environment = await start('process.exit(0)')
    environment.assign()
    const { payload, done } = await environment.invoke()
    expect(payload).toBe(body('Runtime.ExitError', done.requestId, 'Runtime exited without providing a reason'))
  })

  test('that takes too long is repeated, limited by the function timeout', async () => {
    const slow = await start({
      'index.mjs': `await new Promise((r) => setTimeout(r, 60_000)); export const handler = async () => 1`,
    })
    slow.assign({ initTimeoutMs: 300, timeoutMs: 600 })
    const { payload, done } = await slow.invoke()
    expect(payload).toBe(body('Sandbox.Timedout', done.requestId, 'Task timed out after 0.60 seconds'))
    expect(slow.log()).toMatch(/Phase: init\tStatus: timeout\n/)
    expect(slow.log()).toMatch(/Phase: invoke\tStatus: timeout\n/)
    expect(done.status).toBe('timeout')
  })

  test('that succeeds the second time serves the invocation', async () => {
    const environment = await start(`const fs = require('fs'); const mark = __dirname + '/mark'
      if (!fs.existsSync(mark)) { fs.writeFileSync(mark, ''); process.exit(1) }
      exports.handler = async () => 'second'`)
    environment.assign()
    const { payload, log, done } = await environment.invoke()
    expect(payload).toBe('"second"')
    expect(done.status).toBe('success')
    expect(log).not.toContain('Init Duration: 0')
  })
})

describe('the entry point', () => {
  test('of a function without bootstrap is named in the error', async () => {
    const environment = await start({})
    environment.assign({ command: [] })
    const { payload, done } = await environment.invoke()
    const text = `Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]`
    expect(payload).toBe(body('Runtime.InvalidEntrypoint', done.requestId, text))
  })

  test('that is not executable is an error', async () => {
    const environment = await start({ bootstrap: 'echo' })
    environment.assign({ command: [] })
    const { payload, done } = await environment.invoke()
    expect(payload).toBe(
      body('Runtime.InvalidEntrypoint', done.requestId, 'fork/exec /var/task/bootstrap: permission denied'),
    )
  })

  test('whose interpreter is missing is an error', async () => {
    const environment = await start({ bootstrap: '#!/nowhere/sh\n' })
    environment.assign({ command: [] })
    const { payload, done } = await environment.invoke()
    const text = 'fork/exec /var/task/bootstrap: no such file or directory'
    expect(payload).toBe(body('Runtime.InvalidEntrypoint', done.requestId, text))
  })

  test.each([
    ['is a script that names no interpreter', 'echo\n'],
    ['is a program for another machine', `\x7fELF\x02\x01\x01${'\0'.repeat(11)}\x08`],
  ])('that %s is refused, and no shell tries it', async (_, text) => {
    const environment = await start({ bootstrap: text })
    chmodSync(join(environment.folder, 'bootstrap'), 0o755)
    environment.assign({ command: [] })
    const { payload, done } = await environment.invoke()
    const message = 'fork/exec /var/task/bootstrap: exec format error'
    expect(payload).toBe(body('Runtime.InvalidEntrypoint', done.requestId, message))
  })

  test('may be in a layer, be a shell script, and write to /dev/stderr', async () => {
    const environment = await start({
      'layer/bootstrap': `#!/bin/bash
host=\${AWS_LAMBDA_RUNTIME_API%:*} port=\${AWS_LAMBDA_RUNTIME_API#*:}
while true; do
  exec 9<>/dev/tcp/$host/$port
  printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&9
  id= length=0
  while IFS= read -r line <&9; do
    line=\${line%$'\\r'}
    case "$line" in
      Lambda-Runtime-Aws-Request-Id:*) id=\${line#*: } ;;
      Content-Length:*) length=\${line#*: } ;;
      '') break ;;
    esac
  done
  IFS= read -r -N "$length" event <&9
  echo "handling $event" | tee /dev/stderr >/dev/null
  answer="{\\"shell\\":$event}"
  printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nContent-Length: %s\\r\\n\\r\\n%s' "$id" "\${#answer}" "$answer" >&9
  cat <&9 >/dev/null
  exec 9>&-
done`,
    })
    environment.assign({ command: [] })
    for (const event of ['{"a":1}', '{"b":2}']) {
      const { payload, log } = await environment.invoke({ event })
      expect(payload).toBe(`{"shell":${event}}`)
      expect(log).toContain(`\nhandling ${event}\nEND`)
    }
  })

  test('of a managed runtime goes through its wrapper script', async () => {
    const environment = await start({
      'index.js': 'exports.handler = async () => process.env.WRAPPED',
      wrap: '#!/bin/sh\nWRAPPED=yes exec "$@"\n',
    })
    environment.assign({
      variables: { ...variablesOf(environment.folder), AWS_LAMBDA_EXEC_WRAPPER: `${environment.folder}/wrap` },
    })
    expect((await environment.invoke()).payload).toBe('"yes"')
  })

  test('behind a wrapper script that is missing exits with 127', async () => {
    const environment = await start(echo)
    environment.assign({ variables: { ...variablesOf(environment.folder), AWS_LAMBDA_EXEC_WRAPPER: '/opt/nothing' } })
    const { payload, done } = await environment.invoke()
    expect(payload).toBe(body('Runtime.ExitError', done.requestId, 'Runtime exited with error: exit status 127'))
  })
})

describe('between invocations', () => {
  test('all processes of the function are frozen, and thaw for the next event', async () => {
    const environment = await start(`const { spawn } = require('child_process')
      const child = spawn('sleep', ['1000'])
      exports.handler = async () => [process.pid, child.pid]`)
    environment.assign()
    const pids = JSON.parse((await environment.invoke()).payload) as number[]
    for (const pid of pids) await until(() => stateOf(pid) === 'T')
    expect((await environment.invoke()).payload).toBe(JSON.stringify(pids))
    await environment.shutdown()
    for (const pid of pids) await until(() => isGone(pid))
  })

  test('no process outlives a supervisor whose server has disconnected', async () => {
    const environment = await start('exports.handler = async () => process.pid')
    environment.assign()
    const pid = Number((await environment.invoke()).payload)
    process.kill(environment.pid, 'SIGTERM')
    await environment.exited
    await until(() => isGone(pid))
  })

  test('a runtime that exits is restarted for the next event', async () => {
    const environment = await start('exports.handler = async () => process.pid')
    environment.assign()
    const { payload } = await environment.invoke()
    // By itself it might be frozen before it leaves.
    process.kill(Number(payload), 'SIGKILL')
    await until(() => stateOf(Number(payload)) === '')
    expect((await environment.invoke()).response.functionError).toBeUndefined()
  })
})
