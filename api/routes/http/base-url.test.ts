import { expect, test } from '@jest/globals'
import { baseUrlOf } from './base-url.ts'

test.each<[string, Record<string, string>, string]>([
  ['the host', { host: '127.0.0.1:9000' }, 'http://127.0.0.1:9000'],
  ['an IPv6 host', { host: '[::1]:9000' }, 'http://[::1]:9000'],
  ['a proxy', { host: 'a', 'x-forwarded-host': 'b.example', 'x-forwarded-proto': 'https' }, 'https://b.example'],
  ['two proxies', { host: 'a', 'x-forwarded-host': 'b, c', 'x-forwarded-proto': 'https, http' }, 'https://b'],
  ['a proxy that tells the scheme alone', { host: 'a:1', 'x-forwarded-proto': 'https' }, 'https://a:1'],
  ['a forwarded host that is none', { host: 'a', 'x-forwarded-host': 'b/<script>' }, 'http://a'],
  ['a forwarded scheme that is none', { host: 'a', 'x-forwarded-proto': 'javascript' }, 'http://a'],
  ['a host that is none', { host: 'a"b' }, 'http://localhost'],
  ['no host', {}, 'http://localhost'],
])('the address by which a caller reached the server is told by %s', (_case, headers, url) => {
  expect(baseUrlOf(headers, 'http')).toBe(url)
})
