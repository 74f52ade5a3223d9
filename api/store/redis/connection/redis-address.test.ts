import { describe, expect, test } from '@jest/globals'
import { parseRedisAddress } from './redis-address.ts'

const plain = { kind: 'single', nodes: [{ host: 'redis', port: 6379 }], isEncrypted: false, database: 0 }

describe('an address of Redis', () => {
  test.each([
    ['redis://redis', plain],
    ['rediss://redis:6380/2', { ...plain, nodes: [{ host: 'redis', port: 6380 }], isEncrypted: true, database: 2 }],
    ['redis://user:p%40ss@redis', { ...plain, username: 'user', password: 'p@ss' }],
    ['redis://:secret@[::1]:7000', { ...plain, nodes: [{ host: '::1', port: 7000 }], password: 'secret' }],
    [
      'redis+sentinel://a:1,b/main/3',
      {
        kind: 'sentinel',
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 26_379 },
        ],
        isEncrypted: false,
        masterName: 'main',
        database: 3,
      },
    ],
    [
      'rediss+cluster://a,b:7001',
      {
        kind: 'cluster',
        nodes: [
          { host: 'a', port: 6379 },
          { host: 'b', port: 7001 },
        ],
        isEncrypted: true,
        database: 0,
      },
    ],
  ])('%s is read', (url, address) => {
    expect(parseRedisAddress(url)).toEqual(address)
  })

  test.each([
    'localhost:6379',
    'http://redis',
    'redis://',
    'redis://a,b',
    'redis://a/x',
    'redis+sentinel://a',
    'redis+cluster://a/1',
    'redis://secret@a',
    'redis://a:b:c',
  ])('%s is refused in one line that names the setting and no password', (url) => {
    expect(() => parseRedisAddress(url)).toThrow(/^KUBELAMBDA_REDIS_URL must be like [^\n]*$/)
    expect(() => parseRedisAddress(url)).not.toThrow(/secret/)
  })
})
