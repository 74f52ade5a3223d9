import { expect, test } from '@jest/globals'
import Fastify from 'fastify'
import { codeLink } from './code-link.ts'
import { registerCodeDownload } from './code-download.ts'

const sha256 = Buffer.alloc(32, 0xfb).toString('base64')

function serve() {
  const clock = { nowMs: 1_000_000 }
  const dependencies = {
    linkKey: Buffer.from('key'),
    nowMs: () => clock.nowMs,
    codeStore: { read: async (hash: string) => (hash === sha256 ? Buffer.from('zip') : undefined) },
  }
  const app = Fastify()
  registerCodeDownload(app, dependencies)
  return { app, clock, link: codeLink(dependencies, '', sha256), other: codeLink(dependencies, '', 'AAAA') }
}

test('a link downloads the package for ten minutes', async () => {
  const { app, clock, link } = serve()
  clock.nowMs += 599_000
  const answer = await app.inject(link)
  expect(answer.statusCode).toBe(200)
  expect(answer.headers['content-type']).toBe('application/zip')
  expect(answer.body).toBe('zip')
  clock.nowMs += 2_000
  expect((await app.inject(link)).statusCode).toBe(403)
})

test.each<[string, (link: string) => string]>([
  ['another package', (link) => link.replace('fb', 'fc')],
  ['a later end', (link) => link.replace('Expires=1', 'Expires=2')],
  ['no signature', (link) => link.replace(/&.*/, '')],
  ['two signatures', (link) => `${link}&Signature=x`],
  ['a short signature', (link) => link.slice(0, -1)],
])('a link changed to %s is refused', async (_case, change) => {
  const { app, link } = serve()
  expect((await app.inject(change(link))).statusCode).toBe(403)
})

test('a package that is gone is 404', async () => {
  const { app, other } = serve()
  expect((await app.inject(other)).statusCode).toBe(404)
})
