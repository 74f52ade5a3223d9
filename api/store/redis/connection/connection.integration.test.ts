import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { makeCertificate, testWithOpenssl } from '../../../testing/certificates.ts'
import { LambdaError } from '../../../errors.ts'
import { aFunction } from '../../../functions/testing/samples.ts'
import { openRedisStore, type RedisStore } from '../redis-store.ts'
import { describeWithRedis, eventually, freePort, startRedis, type RunningRedis } from '../testing/redis-server.ts'

/** Whether the store responds; while it does not, its error must be a 503. */
async function answers(store: RedisStore): Promise<boolean> {
  try {
    await store.documents.save({ kind: 'layer', id: 'p' }, {}, 0)
    return true
  } catch (fault) {
    expect(fault).toBeInstanceOf(LambdaError)
    expect(fault).toMatchObject({ name: 'ServiceException', status: 503 })
    return false
  }
}

describeWithRedis('the connection to Redis', () => {
  let redis: RunningRedis
  let store: RedisStore
  let lines: string[]
  const log = { info: (line: string) => void lines.push(line), warn: (line: string) => void lines.push(line) }
  beforeEach(async () => {
    lines = []
    redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory', '1gb'])
    store = await openRedisStore({ url: redis.url, replicaId: 'a', log })
    await store.catalogue.save({ record: aFunction('f'), expectedRevision: 0 })
    await store.catalogue.find('f')
  })
  afterEach(async () => {
    await store.close()
    await redis.stop()
  })
  const isGone = async () => !(await answers(store))

  test('answers 503 while Redis is gone and works again once it is back, without a restart', async () => {
    await redis.signal('SIGKILL')
    await eventually(isGone)
    await expect(store.catalogue.find('f')).rejects.toMatchObject({ status: 503 })
    await redis.restart()
    await eventually(() => answers(store))
    expect((await store.catalogue.find('f'))?.value).toEqual(aFunction('f'))
    expect(lines.filter((line) => line.includes('is lost')).length).toBe(1)
    expect(lines.filter((line) => line.endsWith('is back.') && !line.includes('lost')).length).toBe(1)
  })

  test('answers 503 while Redis is frozen', async () => {
    await redis.signal('SIGSTOP')
    await eventually(isGone)
    await redis.signal('SIGCONT')
    await eventually(() => answers(store))
  })

  test('no data is lost when Redis restarts repeatedly', async () => {
    for (let round = 0; round < 3; round++) {
      await redis.signal('SIGKILL')
      await eventually(isGone)
      expect((await store.invocationCatalogue.find('f'))?.value).toEqual(aFunction('f'))
      await redis.restart()
      await eventually(() => answers(store))
    }
  })

  test('while Redis is gone, invocations use the last known state, and nothing else works', async () => {
    await redis.signal('SIGKILL')
    await eventually(isGone)
    expect((await store.invocationCatalogue.find('f'))?.value).toEqual(aFunction('f'))
    await expect(store.invocationCatalogue.find('g')).rejects.toMatchObject({ status: 503 })
  })

  test('answers 503 while Redis loads its data, and all data afterwards', async () => {
    for (let at = 0; at < 100; at++) await store.documents.save({ kind: 'layer', id: String(at) }, {}, 0)
    redis.cli('bgrewriteaof')
    await eventually(() => /aof_base_size:[1-9]\d{3}/.test(redis.cli('info', 'persistence')))
    await redis.signal('SIGKILL')
    redis.launch(['--key-load-delay', '10000', '--loading-process-events-interval-bytes', '1024'])
    await eventually(() => redis.cli('ping').startsWith('LOADING'))
    expect(await answers(store)).toBe(false)
    await eventually(() => answers(store))
    expect((await store.documents.list({ kind: 'layer', limit: 1000 })).length).toBeGreaterThanOrEqual(100)
  })

  test('answers 503 while the master is a replica', async () => {
    redis.cli('replicaof', '127.0.0.1', '1')
    await eventually(isGone)
    redis.cli('replicaof', 'no', 'one')
    await eventually(() => answers(store))
  })

  test('reloads scripts that Redis has lost', async () => {
    redis.cli('script', 'flush')
    expect(await answers(store)).toBe(true)
  })

  test.each([
    ['nobody listens', () => 'redis://127.0.0.1:1', /ECONNREFUSED/],
    ['its name is not known yet', () => 'redis://redis.invalid:6379', /ENOTFOUND|EAI_AGAIN/],
    ['nobody listens to a cluster', () => 'redis+cluster://127.0.0.1:1', /./],
    ['no Sentinel listens', () => 'redis+sentinel://127.0.0.1:1/main', /./],
  ])('when %s at start it is waited for, and one line says where and names the setting', async (_, url, reason) => {
    const ending = new AbortController()
    const opening = openRedisStore({ url: url(), replicaId: 'b', log, signal: ending.signal })
    await eventually(() => lines.length > 0)
    ending.abort()
    await expect(opening).rejects.toThrow(/cannot be used/)
    expect(lines).toEqual([expect.stringMatching(/^Redis at .*:\d+ cannot be reached: .*KUBELAMBDA_REDIS_URL\.$/)])
    expect(lines[0]).toMatch(reason)
  })

  test('a Redis that starts after the server is used', async () => {
    await redis.signal('SIGKILL')
    const opening = openRedisStore({ url: redis.url, replicaId: 'b', log })
    await eventually(() => lines.some((line) => line.includes('cannot be reached')))
    await redis.restart()
    const late = await opening
    expect(await answers(late)).toBe(true)
    await late.close()
  })

  test('a Redis that rejects writes at the start is used once it accepts them', async () => {
    redis.cli('replicaof', '127.0.0.1', '1')
    const opening = openRedisStore({ url: redis.url, replicaId: 'b', log })
    await eventually(() => lines.some((line) => /cannot be used yet: READONLY.*KUBELAMBDA_REDIS_URL/.test(line)))
    redis.cli('replicaof', 'no', 'one')
    const late = await opening
    expect(await answers(late)).toBe(true)
    await late.close()
  })

  test('a missing or wrong password fails the start with one line that does not repeat it', async () => {
    redis.cli('config', 'set', 'requirepass', 'right')
    const start = (url: string) => openRedisStore({ url, replicaId: 'b', log })
    await expect(start(redis.url)).rejects.toThrow(/cannot be used: NOAUTH.*KUBELAMBDA_REDIS_URL\.$/)
    await expect(start(redis.url.replace('//', '//:wrong@'))).rejects.toThrow(/cannot be used: WRONGPASS(?!.*:wrong)/)
    await (await start(redis.url.replace('//', '//:right@'))).close()
  })

  test.each([
    ['a cluster that is none', (url: string) => url.replace('redis:', 'redis+cluster:'), /cluster/],
    ['a database that it does not have', (url: string) => `${url}/99`, /DB index/],
  ])('%s ends the start with one line that names the setting', async (_, change, reason) => {
    const start = openRedisStore({ url: change(redis.url), replicaId: 'b', log })
    const line = await start.then(
      () => '',
      (fault: unknown) => (fault as Error).message,
    )
    expect(line).toMatch(/^Redis at [^\n]* cannot be used: [^\n]*KUBELAMBDA_REDIS_URL\.$/)
    expect(line).toMatch(reason)
  })

  testWithOpenssl('a certificate that is not trusted ends the start with one line that names the setting', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'redis-tls-'))
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
    const made = makeCertificate('IP:127.0.0.1')
    writeFileSync(key, made.privateKey)
    writeFileSync(certificate, made.certificate)
    const port = String(await freePort())
    const tls = ['--tls-port', port, '--tls-key-file', key, '--tls-cert-file', certificate, '--tls-auth-clients', 'no']
    const encrypted = await startRedis([...tls, '--tls-ca-cert-file', certificate])
    try {
      const start = openRedisStore({ url: `rediss://127.0.0.1:${port}`, replicaId: 'b', log })
      await expect(start).rejects.toThrow(/cannot be used: .*self-signed certificate.*KUBELAMBDA_REDIS_URL\.$/)
    } finally {
      await encrypted.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
