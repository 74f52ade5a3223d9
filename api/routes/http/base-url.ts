import type { IncomingHttpHeaders } from 'node:http'

const hostPattern = /^([a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?$/i

/**
 * How the caller reached the server, such as `http://127.0.0.1:9000`: by `Host`, or by what a proxy forwarded of it. A caller may
 * say anything in these headers, so that the result is for links in his own response alone, and of a host's form always.
 */
export function baseUrlOf(headers: IncomingHttpHeaders, protocol: string): string {
  const host = [firstOf(headers['x-forwarded-host']), headers.host].find((each) => hostPattern.test(each ?? ''))
  const forwarded = firstOf(headers['x-forwarded-proto'])
  const scheme = forwarded === 'https' || forwarded === 'http' ? forwarded : protocol
  return `${scheme}://${host ?? 'localhost'}`
}

/** What the first of several proxies said. */
function firstOf(value: string | string[] | undefined): string | undefined {
  return (Array.isArray(value) ? value[0] : value)?.split(',')[0]?.trim()
}
