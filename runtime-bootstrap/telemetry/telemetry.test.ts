import { afterEach, describe, expect, test } from '@jest/globals'
import { extension, filesOf, recordsOf, saidBy } from '../extensions/extension.harness.ts'
import type { Assignment } from '../protocol/protocol.ts'
import { supervise, type Supervised } from '../supervisor/supervisor.harness.ts'

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

async function start(
  code: string,
  extensions: Record<string, string>,
  assignment: Partial<Assignment> = {},
): Promise<Supervised> {
  const supervised = await supervise({ 'index.js': code, ...filesOf(extensions) })
  started.push(supervised)
  supervised.assign(assignment)
  return supervised
}

/** An extension that is sent these types of records, and waits for events like any other. */
const subscriber = (types: string, request = '', events = "'INVOKE'") =>
  extension(`await register([${events}])
    const { status, text } = await subscribe({ types: [${types}], destination: toHttp(await listenHttp()), buffering: { timeoutMs: 25 }, ${request} })
    if (status !== 200 || text !== '"OK"') say(status, text)
    for (;;) { const event = (await next()).json(); if (event.eventType === 'SHUTDOWN') process.exit(0) }`)

const typesOf = (name: string, environment: Supervised) => recordsOf(name, environment.folder).map(({ type }) => type)

/** Invokes until the subscriber was told enough: an idle environment is frozen, and may be before it has read all. */
async function invokeUntil(environment: Supervised, isEnough: () => boolean): Promise<void> {
  for (let round = 0; !isEnough(); round++) {
    expect(round).toBeLessThan(500)
    expect((await environment.invoke()).done.status).toBe('success')
  }
}

/** What the subscriber was told of all up to the end of the first invocation. */
async function recordsOfFirst(name: string, environment: Supervised) {
  const length = () => typesOf(name, environment).indexOf('platform.report') + 1
  await invokeUntil(environment, () => length() > 0)
  return recordsOf(name, environment.folder).slice(0, length())
}

const echo = 'exports.handler = async (event) => event'

describe('a subscriber', () => {
  test('gets the records of a cold invocation in order, including initialisation', async () => {
    const code = `process.stdout.write('cold\\n'); exports.handler = async () => { process.stdout.write('warm\\n'); return 'x' }`
    const environment = await start(code, { a: subscriber(`'platform', 'function'`) })
    const { done, log } = await environment.invoke({ traceId: 'Root=1-2-3' })
    const records = await recordsOfFirst('a', environment)
    expect(records.map(({ type }) => type)).toEqual([
      'platform.initStart',
      'platform.telemetrySubscription',
      'function',
      'platform.extension',
      'platform.initRuntimeDone',
      'platform.initReport',
      'platform.start',
      'function',
      'platform.runtimeDone',
      'platform.report',
    ])
    for (const { time } of records) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const byType = (type: string) => records.filter((each) => each.type === type).map(({ record }) => record)
    const { requestId, durationMs, billedDurationMs } = done
    const tracing = { type: 'X-Amzn-Trace-Id', value: 'Root=1-2-3' }
    expect(byType('function')).toEqual(['cold', 'warm'])
    expect(byType('platform.telemetrySubscription')).toEqual([
      { name: 'a', state: 'Subscribed', types: ['platform', 'function'] },
    ])
    expect(byType('platform.extension')).toEqual([{ name: 'a', state: 'Ready', events: ['INVOKE'] }])
    expect(byType('platform.initReport')).toEqual([
      {
        initializationType: 'on-demand',
        phase: 'init',
        status: 'success',
        metrics: { durationMs: expect.any(Number) },
      },
    ])
    expect(byType('platform.start')).toEqual([expect.objectContaining({ requestId, version: '$LATEST', tracing })])
    const spans = [{ name: 'responseLatency', start: expect.any(String), durationMs: expect.any(Number) }]
    expect(byType('platform.runtimeDone')).toEqual([
      { requestId, status: 'success', metrics: { durationMs: expect.any(Number), producedBytes: 3 }, spans, tracing },
    ])
    expect(byType('platform.report')).toEqual([
      {
        requestId,
        status: 'success',
        tracing,
        metrics: expect.objectContaining({ durationMs, billedDurationMs, memorySizeMB: 512 }),
      },
    ])
    expect(log).toContain('TELEMETRY\tName: a\tState: Subscribed\tTypes: [Platform, Function]\n')
    expect(saidBy('a', log)).toEqual([])
  })

  test('of the extension stream gets output of extensions, and none of the function', async () => {
    const environment = await start(`process.stdout.write('mine\\n'); ${echo}`, {
      a: subscriber(`'extension'`),
      talks: extension(`await register(['INVOKE']); for (;;) { await next(); say('hello') }`),
    })
    await invokeUntil(environment, () => recordsOf('a', environment.folder).length > 1)
    for (const { type, record } of recordsOf('a', environment.folder)) {
      expect([type, record]).toEqual(['extension', 'talks: hello'])
    }
  })

  test('gets runtimeDone while it keeps the invocation open', async () => {
    const waits = extension(`await register(['INVOKE'])
      await subscribe({ types: ['platform'], destination: toHttp(await listenHttp()), buffering: { timeoutMs: 25 } })
      for (;;) { await next(); await until(() => fs.existsSync(recordsFile) && fs.readFileSync(recordsFile, 'utf8').includes('runtimeDone')) }`)
    const environment = await start(echo, { waits }, { timeoutMs: 20_000 })
    const { done } = await environment.invoke()
    expect(done.status).toBe('success')
  })

  test('gets JSON lines as objects if the log is JSON, unless its schema is older', async () => {
    const logging = { applicationLevel: 'INFO', systemLevel: 'INFO' }
    const code = `exports.handler = async () => { process.stdout.write('{"a":1}\\ntext\\n') }`
    const extensions = { a: subscriber(`'function'`), old: subscriber(`'function'`, `schemaVersion: '2022-07-01'`) }
    const environment = await start(code, extensions, { logging })
    const { log } = await environment.invoke()
    const told = (name: string) => recordsOf(name, environment.folder).map(({ record }) => record)
    await invokeUntil(environment, () => told('a').length > 1 && told('old').length > 1)
    expect(told('a').slice(0, 2)).toEqual([{ a: 1 }, 'text'])
    expect(told('old').slice(0, 2)).toEqual(['{"a":1}', 'text'])
    expect(log).toContain(
      '"type":"platform.telemetrySubscription","record":{"name":"a","state":"Subscribed","types":["function"]}',
    )
  })

  test('by TCP gets the same, one line per record, as slowly as it reads', async () => {
    const tcp = extension(`await register(['INVOKE'])
      const port = await listenTcp(30)
      await subscribe({ types: ['platform'], destination: { protocol: 'TCP', port }, buffering: { timeoutMs: 25 } })
      for (;;) await next()`)
    const environment = await start(echo, { tcp })
    expect((await recordsOfFirst('tcp', environment))[0]!.type).toBe('platform.initStart')
  })

  test('gets the failure of an invocation, then the shutdown', async () => {
    const environment = await start('exports.handler = async () => process.exit(3)', {
      a: subscriber(`'platform'`, '', `'INVOKE', 'SHUTDOWN'`),
    })
    const { done } = await environment.invoke()
    const records = recordsOf('a', environment.folder)
    const ended = records.filter(({ type }) => type === 'platform.runtimeDone' || type === 'platform.report')
    expect(ended.map(({ record }) => [record['requestId'], record['status'], record['errorType']])).toEqual(
      Array(2).fill([done.requestId, 'error', 'Runtime.ExitError']),
    )
  })

  test('gets the failure of an initialisation, of the runtime or another extension', async () => {
    const failing = {
      a: subscriber(`'platform'`, '', `'SHUTDOWN'`),
      b: extension(
        `await register([]); await until(() => fs.existsSync(recordsFile.replace(/-b$/, '-a'))); process.exit(3)`,
      ),
    }
    const crashed = await start(echo, failing)
    const thrown = await start(`throw new Error('no')`, { a: failing.a })
    for (const [environment, errorType] of [
      [crashed, 'Extension.Crash'],
      [thrown, 'Runtime.Unknown'],
    ] as const) {
      await environment.waitForLog('INIT_REPORT')
      const report = recordsOf('a', environment.folder).find(({ type }) => type === 'platform.initReport')!
      expect(report.record).toMatchObject({ phase: 'init', status: 'error', errorType })
    }
  })

  test('by the Logs API gets ends instead of initialisations', async () => {
    const logs = extension(`await register(['INVOKE'])
      const { status } = await ask('PUT', '/2020-08-15/logs', {}, { types: ['platform'], destination: toHttp(await listenHttp()), buffering: { timeoutMs: 25 } })
      if (status !== 200) say(status)
      for (;;) await next()`)
    const environment = await start(echo, { logs })
    const { log, done } = await environment.invoke()
    const records = await recordsOfFirst('logs', environment)
    expect(records.map(({ type }) => type)).toEqual([
      'platform.logsSubscription',
      'platform.extension',
      'platform.start',
      'platform.end',
      'platform.report',
    ])
    expect(records[3]!.record).toEqual({ requestId: done.requestId })
    expect(log).toContain('LOGS\tName: logs\tState: Subscribed\tTypes: [Platform]\n')
  })

  test('that is unreachable misses records, gets their number, and delays nothing', async () => {
    const absent =
      extension(`const net = require('node:net'), probe = net.createServer().listen(0); await new Promise((r) => probe.on('listening', r))
      const { port } = probe.address(); await new Promise((r) => probe.close(r))
      await register(['INVOKE'])
      await subscribe({ types: ['platform', 'function'], destination: toHttp(port), buffering: { timeoutMs: 25 } })
      for (let round = 1; ; round++) {
        await next()
        if (round === 2) http.createServer((request, response) => {
          let text = ''
          request.on('data', (chunk) => text += chunk).on('end', () => { keep(JSON.parse(text)); response.end() })
        }).listen(port)
      }`)
    const flood = `exports.handler = async (n) => { for (let i = 0; i < n; i++) process.stdout.write('x'.repeat(1000) + '\\n') }`
    const environment = await start(flood, { absent }, { timeoutMs: 20_000 })
    expect((await environment.invoke({ event: '3000' })).done.status).toBe('success')
    for (let round = 0; !typesOf('absent', environment).includes('platform.logsDropped'); round++) {
      expect(round).toBeLessThan(500)
      expect((await environment.invoke({ event: '1' })).done.status).toBe('success')
    }
    const dropped = recordsOf('absent', environment.folder).find(({ type }) => type === 'platform.logsDropped')!
    expect(dropped.record).toEqual({
      reason: 'Consumer seems to have fallen behind as it has not acknowledged receipt of logs.',
      droppedRecords: expect.any(Number),
      droppedBytes: expect.any(Number),
    })
    expect(dropped.record['droppedRecords']).toBeGreaterThan(0)
  })
})

describe('an invalid subscription', () => {
  const told = (log: string) => saidBy('probe', log).map((line) => JSON.parse(line) as unknown)
  const probe = (code: string) =>
    extension(`const tell = ({ status, text }) => say([status, text.startsWith('{') ? JSON.parse(text) : text])
      const put = (body, headers = {}) => ask('PUT', '/2022-07-01/telemetry', headers, body)
      const destination = toHttp(8080), valid = { schemaVersion: '2022-12-13', types: ['platform'], destination }
      ${code}`)
  const invalid = (errorMessage: string) => [400, { errorType: 'ValidationError', errorMessage }]

  test('is rejected with all faults in one line, and changes nothing', async () => {
    const environment = await start(echo, {
      probe:
        probe(`tell(await put(valid)); tell(await put(valid, { 'Lambda-Extension-Identifier': '00000000-0000-4000-8000-000000000000' }))
        await register([])
        tell(await put({ ...valid, types: [], destination: { protocol: 'HTTP', URI: 'http://sandbox.localdomain' } }))
        tell(await put({ ...valid, types: ['function', 'other'] }))
        tell(await put({ ...valid, destination: { protocol: 'HTTP', URI: 'http://example.com:80' } }))
        tell(await put({ ...valid, destination: { protocol: 'HTTP', URI: 'http://sandbox.localdomain:9001' } }))
        tell(await put({ ...valid, destination: { protocol: 'TCP' } }))
        tell(await put({ ...valid, destination: undefined }))
        tell(await put({ ...valid, schemaVersion: '1999-01-01' }))
        tell(await put({ ...valid, buffering: { maxItems: 999, maxBytes: 1048577, timeoutMs: 24 } }))
        await next()`),
    })
    const { log } = await environment.invoke()
    expect(told(log)).toEqual([
      [
        403,
        {
          errorType: 'Extension.MissingExtensionIdentifier',
          errorMessage: 'Missing Lambda-Extension-Identifier header',
        },
      ],
      [
        403,
        {
          errorType: 'Extension.UnknownExtensionIdentifier',
          errorMessage: 'Unknown extension 00000000-0000-4000-8000-000000000000',
        },
      ],
      invalid('URI port is not provided; types should not be empty'),
      invalid('types should be of [platform, function, extension]'),
      invalid('URI host should be sandbox.localdomain'),
      invalid('port 9001 is reserved'),
      invalid('port is not valid'),
      invalid('destination protocol should be HTTP or TCP'),
      invalid('schemaVersion should be one of [2022-07-01, 2022-12-13, 2025-01-29]'),
      invalid(
        'maxItems should be between 1000 and 10000; maxBytes should be between 262144 and 1048576; timeoutMs should be between 25 and 30000',
      ),
    ])
    expect(log).not.toContain('TELEMETRY')
  })

  test('is rejected by both APIs after initialisation', async () => {
    const environment = await start(echo, {
      probe:
        probe(`await register(['INVOKE']); const port = await listenHttp(); valid.destination = toHttp(port); tell(await put(valid))
        tell(await ask('PUT', '/2020-08-15/logs', {}, { types: ['platform'], destination: valid.destination }))
        await next(); tell(await put(valid)); await next()`),
    })
    const { log } = await environment.invoke()
    const closed = (api: string) => [
      403,
      { errorType: `${api}.SubscriptionClosed`, errorMessage: `${api} API subscription is closed` },
    ]
    expect(told(log)).toEqual([[200, '"OK"'], closed('Logs'), closed('Telemetry')])
  })
})
