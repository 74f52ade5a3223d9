import { afterEach, describe, expect, test } from '@jest/globals'
import { supervise, type Supervised } from '../supervisor/supervisor.harness.ts'

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

async function start(code: string): Promise<Supervised> {
  const supervised = await supervise({ 'index.js': code })
  started.push(supervised)
  return supervised
}

describe('a log in JSON', () => {
  const logging = { applicationLevel: 'INFO', systemLevel: 'INFO' }
  const linesOf = (log: string): unknown[] =>
    log
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
  const event = (type: string, record: object) => ({ time: expect.any(String), type: `platform.${type}`, record })

  test("has the platform's events instead of its lines", async () => {
    const environment = await start(`exports.handler = async () => process.stdout.write('{"a":1}\\n')`)
    environment.assign({ logging })
    const { log, done } = await environment.invoke({ tail: true })
    const { requestId, durationMs, billedDurationMs, maxMemoryUsedMb } = done
    const initDurationMs = Math.round(done.initDurationMs! * 1000) / 1000
    const init = { initializationType: 'on-demand', phase: 'init' }
    const version = { runtimeVersion: 'nodejs:24', runtimeVersionArn: 'arn:aws:lambda:us-east-1::runtime:0' }
    const name = { functionName: 'f', functionVersion: '$LATEST' }
    const instance = { instanceId: '2026/01/01/[$LATEST]0', instanceMaxMemory: 536_870_912 }
    const metrics = {
      durationMs,
      billedDurationMs,
      memorySizeMB: 512,
      maxMemoryUsedMB: maxMemoryUsedMb,
      initDurationMs,
    }
    const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f'
    const ofRun = [
      event('start', { requestId, functionArn, version: '$LATEST' }),
      { a: 1 },
      event('report', { requestId, metrics, status: 'success' }),
    ]
    expect(linesOf(log)).toEqual([event('initStart', { ...init, ...version, ...name, ...instance }), ...ofRun])
    expect(linesOf(Buffer.from(done.logTail!, 'base64').toString())).toEqual(ofRun)
  })

  test('has failures from WARN on, and all outcomes at DEBUG', async () => {
    const environment = await start(
      `exports.handler = async (e) => { if (e.exit) process.exit(7); if (e.fail) throw new Error('no'); return 12 }`,
    )
    environment.assign({ logging: { ...logging, systemLevel: 'DEBUG' } })
    const typesOf = (log: string) =>
      linesOf(log).map((line) => {
        const { type, record } = line as { type?: string; record?: { status?: string; errorType?: string } }
        return [type, record?.status, record?.errorType].filter((part) => part !== undefined).join(' ')
      })
    expect(typesOf((await environment.invoke()).log)).toEqual([
      'platform.initStart',
      'platform.initRuntimeDone success',
      'platform.initReport success',
      'platform.start',
      'platform.runtimeDone success',
      'platform.report success',
    ])
    expect(typesOf((await environment.invoke({ event: '{"exit":1}' })).log)).toEqual([
      'platform.start',
      'platform.runtimeDone error Runtime.ExitError',
      'platform.report error Runtime.ExitError',
    ])
    const quiet = await start(`exports.handler = async () => new Promise(() => setInterval(() => 0, 1000))`)
    quiet.assign({ logging: { ...logging, systemLevel: 'WARN' }, timeoutMs: 300 })
    const { log, done } = await quiet.invoke()
    const metrics = { durationMs: 300, producedBytes: expect.any(Number) }
    expect(typesOf(log)).toEqual(['platform.runtimeDone timeout', 'platform.report timeout'])
    expect(linesOf(log)[0]).toEqual(event('runtimeDone', { requestId: done.requestId, status: 'timeout', metrics }))
  })

  test("keeps the function's lines of the configured level; lines without a level are INFO", async () => {
    const timestamp = '2026-01-02T03:04:05.678Z'
    const written = [
      { level: 'DEBUG', timestamp, text: 'low' },
      { level: 'debug', timestamp, text: 'low in small letters' },
      { level: 'DEBUG', text: 'without a time' },
      { level: 'LOUD', timestamp, text: 'of an unknown level' },
      { level: 'WARNING', timestamp, text: 'high' },
      { text: 'of no level' },
    ]
    const lines = [...written.map((line) => JSON.stringify(line)), 'plain'].join('\n')
    const code = `exports.handler = async () => { process.stdout.write(${JSON.stringify(lines)}) }`
    const keptAt = async (applicationLevel: string) => {
      const environment = await start(code)
      environment.assign({ logging: { applicationLevel, systemLevel: 'INFO' } })
      const kept = (await environment.invoke()).log.split('\n').slice(2, -2)
      return kept.map((line) => (line.startsWith('{') ? (JSON.parse(line) as { text: string }).text : line))
    }
    expect(await keptAt('INFO')).toEqual(['without a time', 'of an unknown level', 'high', 'of no level', 'plain'])
    expect(await keptAt('WARN')).toEqual(['high'])
    expect(await keptAt('DEBUG')).toHaveLength(7)
  })
})
