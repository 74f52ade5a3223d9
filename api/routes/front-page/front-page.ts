import { hash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { version } from '../../version.ts'
import { openRoute } from '../http/authentication.ts'
import { baseUrlOf } from '../http/base-url.ts'

/** Pages of the project's folder that a newcomer looks for first. */
const documentation = [
  'README.md',
  'docs/getting-started.md',
  'docs/configuration.md',
  'docs/compatibility.md',
  'docs/troubleshooting.md',
]

/** What the server shows to everybody who asks for `/`. */
interface FrontPage {
  readonly name: string
  readonly version: string
  readonly description: string
  /** How the caller reached the server. */
  readonly endpoint: string
  /** Files of the project. */
  readonly documentation: readonly string[]
  /** Paths on this server, by what they lead to. */
  readonly links: Readonly<Record<string, string>>
}

/** Tells what runs here: a page to browsers, JSON to everybody else. It is for everybody, and says no more than `/health`. */
export function registerFrontPage(app: FastifyInstance): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/',
    config: openRoute,
    handler: ({ headers, protocol }, reply) => {
      const page = frontPage(baseUrlOf(headers, protocol))
      const isHtml = acceptsHtml(headers.accept)
      return reply
        .header('content-type', isHtml ? 'text/html; charset=utf-8' : 'application/json')
        .headers(safeHeaders)
        .send(Buffer.from(isHtml ? htmlOf(page) : JSON.stringify(page)))
    },
  })
}

function frontPage(endpoint: string): FrontPage {
  const description = 'A server that speaks the AWS Lambda API.'
  return { name: 'kubelambda', version, description, endpoint, documentation, links: { health: '/health' } }
}

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}' +
  'pre{overflow:auto;padding:.75rem;border:1px solid;border-radius:.25rem}'

const safeHeaders = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  vary: 'accept',
}

function htmlOf({ name, version: shown, description, endpoint, documentation: pages, links }: FrontPage): string {
  const items = (all: readonly string[]) => `<ul>${all.map((each) => `<li>${each}</li>`).join('')}</ul>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name} ${shown}</title>
<style>${style}</style>
</head>
<body>
<h1>${name} ${shown}</h1>
<p>${description}</p>
<pre>aws lambda list-functions --endpoint-url ${endpoint}</pre>
<h2>On this server</h2>
${items(Object.entries(links).map(([title, path]) => `<a href="${path}">${title}</a>`))}
<h2>Documentation, in the project's folder</h2>
${items(pages.map((page) => `<code>${page}</code>`))}
</body>
</html>
`
}

/** Whether a client names HTML in its `Accept`, as browsers do. */
function acceptsHtml(accept = ''): boolean {
  return accept
    .split(',')
    .some((range) => /^\s*text\/html\s*(;|$)/i.test(range) && !/;\s*q=0(\.0*)?\s*(;|$)/i.test(range))
}
