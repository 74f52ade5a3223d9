import { describe, expect, test } from '@jest/globals'
import { resolve } from 'node:path'
import { gatherSettings } from './given-settings.ts'
import { SettingsError } from './readers.ts'
import { readSettings, type Settings } from './settings.ts'

const read = (variables: Record<string, string>): Settings =>
  readSettings(gatherSettings(new Map(), undefined, variables))

describe('settings', () => {
  test('without any, the server listens on this machine only and keeps its data in the working folder', () => {
    expect(read({ PATH: '/bin' })).toEqual({
      host: '127.0.0.1',
      logFormat: 'text',
      isolation: 'auto',
      port: 9000,
      dataFolder: resolve('.kubelambda'),
      accountId: '000000000000',
      allowedHosts: ['127.0.0.1'],
      region: 'us-east-1',
      driver: 'process',
      concurrency: 1000,
      maxCodeBytes: 80_530_636_800,
      idleMs: 300_000,
      maxFailedEvents: 1000,
      destinations: {},
      redisSources: {},
      sourceEndpoints: {},
      drainMs: 0,
      retryDelayMs: 60_000,
    })
  })

  test.each([
    ['KUBELAMBDA_PORT', '99999'],
    ['KUBELAMBDA_PORT', 'http'],
    ['KUBELAMBDA_HOST', 'a b'],
    ['KUBELAMBDA_ACCOUNT_ID', '12'],
    ['KUBELAMBDA_REGION', 'here'],
    ['KUBELAMBDA_ALLOWED_HOSTS', 'example.org:9000'],
    ['KUBELAMBDA_URL_HOST', '127.0.0.1:9000'],
    ['KUBELAMBDA_URL_HOST', 'localhost:99999'],
    ['KUBELAMBDA_URL_HOST', 'https://example.org/path'],
    ['KUBELAMBDA_DRIVER', 'docker'],
    ['KUBELAMBDA_CONCURRENCY', '0'],
    ['KUBELAMBDA_IDLE_SECONDS', '-1'],
    ['KUBELAMBDA_S3_ENDPOINT', 'minio:9000'],
    ['KUBELAMBDA_KINESIS_ENDPOINT', 'moto:5000'],
    ['KUBELAMBDA_REDIS_URL', '127.0.0.1:6379'],
    ['KUBELAMBDA_CODE_URL', 'bucket/prefix'],
    ['KUBELAMBDA_REDIS_SOURCES', 'redis://127.0.0.1:6379'],
    ['KUBELAMBDA_POD_LABELS', 'team=a,app.kubernetes.io/name=kubelambda'],
    ['KUBELAMBDA_POD_LABELS', 'kubelambda.dev/function=f'],
    ['KUBELAMBDA_POD_ANNOTATIONS', 'note=b,kubelambda.dev/key=k'],
    ['KUBELAMBDA_PROT', '9000'],
  ])('%s=%s is refused in one line that names it', (name, value) => {
    const reading = () => read({ [name]: value })
    expect(reading).toThrow(SettingsError)
    expect(reading).toThrow(new RegExp(`^${name} [^\n]+$`))
  })

  test('an address of Redis that may hold a password is not repeated', () => {
    expect(() => read({ KUBELAMBDA_REDIS_URL: 'http://:password@redis' })).not.toThrow(/:password@/)
    expect(() => read({ KUBELAMBDA_REDIS_SOURCES: 'a=http://:password@redis' })).not.toThrow(/:password@/)
  })

  test('servers of Redis streams have names', () => {
    const servers = 'orders=redis://a:6379 audit=redis+cluster://:p=w@b:1,c:2'
    expect(read({ KUBELAMBDA_REDIS_SOURCES: servers }).redisSources).toEqual({
      orders: 'redis://a:6379',
      audit: 'redis+cluster://:p=w@b:1,c:2',
    })
  })
})
