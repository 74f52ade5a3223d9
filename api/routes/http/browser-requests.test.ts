import Fastify from 'fastify'
import { afterAll, describe, expect, test } from '@jest/globals'
import { anyOrigin, hostNameOf, isLoopbackAddress, registerBrowserChecks } from './browser-requests.ts'

function appOn(isLoopback: boolean) {
  const app = Fastify()
  registerBrowserChecks(app, { isLoopback, allowedHosts: ['lambda.example'] })
  app.all('/functions', () => 'answered')
  app.get('/health', { config: anyOrigin }, () => 'answered')
  return app
}
const [onLoopback, onNetwork] = [appOn(true), appOn(false)]
afterAll(() => Promise.all([onLoopback.close(), onNetwork.close()]))

const host = '127.0.0.1:9000'
const foreign = 'https://evil.example'
const statusOf = async (headers: Record<string, string>, { app = onLoopback, url = '/functions' } = {}) =>
  (await app.inject({ method: url === '/health' ? 'GET' : 'POST', url, headers: { host, ...headers } })).statusCode

describe('a request that a browser marks as coming from elsewhere is refused', () => {
  test.each<Record<string, string>>([
    { origin: foreign },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:9001' },
    { origin: 'http://localhost:9000' },
    { origin: `${foreign}.127.0.0.1:9000` },
    { origin: `http://${host}.evil.example` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', origin: `http://${host}` },
    { origin: foreign, 'x-forwarded-host': 'evil.example.org' },
  ])('%p', async (headers) => {
    expect(await statusOf(headers)).toBe(403)
    expect(await statusOf(headers, { app: onNetwork })).toBe(403)
    expect(await statusOf(headers, { url: '/health' })).toBe(200)
  })

  test('also where there is no route, and as a preflight', async () => {
    const preflight = { origin: foreign, 'access-control-request-method': 'POST', host }
    for (const url of ['/functions', '/nothing']) {
      const { statusCode, headers } = await onLoopback.inject({ method: 'OPTIONS', url, headers: preflight })
      expect([statusCode, headers['access-control-allow-origin']]).toEqual([403, undefined])
    }
  })
})

test.each<Record<string, string>>([
  {},
  { 'sec-fetch-site': 'none' },
  { 'sec-fetch-site': 'same-origin', origin: `http://${host}` },
  { origin: `HTTP://${host}` },
  { origin: `https://${host}` },
  { origin: foreign, 'x-forwarded-host': 'evil.example, proxy.example' },
])('a request from the server itself or from no page is answered: %p', async (headers) => {
  expect(await statusOf(headers)).toBe(200)
})

test.each(['localhost:9000', 'LOCALHOST.', 'a.localhost:1', '127.8.9.1', '[::1]:9000', 'lambda.example:80'])(
  'the host %p is known on loopback',
  async (given) => {
    expect(await statusOf({ host: given })).toBe(200)
  },
)

test.each(['rebound.example:9000', '127.0.0.1.evil.example', 'localhost.evil.example', '[::2]', '[', '127.1', ':9000'])(
  'the host %p is refused on loopback, by a text that names the setting, and known elsewhere',
  async (given) => {
    const answer = await onLoopback.inject({ url: '/functions', headers: { host: given } })
    expect([answer.statusCode, answer.body]).toEqual([403, expect.stringContaining('KUBELAMBDA_ALLOWED_HOSTS')])
    expect(await statusOf({ host: given }, { url: '/health' })).toBe(200)
    expect(await statusOf({ host: given }, { app: onNetwork })).toBe(200)
  },
)

test('addresses of loopback, and names in hosts', () => {
  const addresses = ['127.0.0.1', '127.255.0.9', '::1', '0.0.0.0', '::', '10.0.0.1', 'localhost']
  expect(addresses.filter(isLoopbackAddress)).toEqual(['127.0.0.1', '127.255.0.9', '::1'])
  expect(['A.b:1', '[::1]:1', '[::1', 'a.'].map(hostNameOf)).toEqual(['a.b', '::1', '::1', 'a'])
})
