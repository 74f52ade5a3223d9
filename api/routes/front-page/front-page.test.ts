import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import { expect, test } from '@jest/globals'
import { version } from '../../version.ts'
import { registerFrontPage } from './front-page.ts'

const app = Fastify()
registerFrontPage(app)
const get = (accept: string, host = '127.0.0.1:9000') => app.inject({ url: '/', headers: { accept, host } })

test.each(['*/*', 'application/json', 'text/html;q=0, application/json'])('JSON for %s', async (accept) => {
  const answer = await get(accept)
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/json'])
  const page = answer.json<{ documentation: string[] }>()
  expect(page).toMatchObject({
    ...{ name: 'kubelambda', version, endpoint: 'http://127.0.0.1:9000', links: { health: '/health' } },
  })
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  expect(page.documentation.filter((path) => !existsSync(`${root}${path}`))).toEqual([])
})

test('a page for browsers, which runs no script and loads nothing', async () => {
  const answer = await get('text/html,application/xhtml+xml;q=0.9,*/*;q=0.8')
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(answer.body).toContain(`<h1>kubelambda ${version}</h1>`)
  expect(answer.body).toContain('aws lambda list-functions --endpoint-url http://127.0.0.1:9000')
  expect(answer.body).toContain('<code>docs/getting-started.md</code>')
  expect(answer.body).not.toMatch(/<script|<link|https:/)
  const style = /<style>(.*)<\/style>/s.exec(answer.body)?.[1] ?? ''
  expect(answer.headers['content-security-policy']).toContain(
    `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'`,
  )
  expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', vary: 'accept' })
})

test('a host that is none is not in the page', async () => {
  expect((await get('text/html', 'a"><script>alert(1)</script>')).body).not.toContain('<script')
})

test('a HEAD request has the headers alone', async () => {
  expect(await app.inject({ method: 'HEAD', url: '/' })).toMatchObject({ statusCode: 200, body: '' })
})
