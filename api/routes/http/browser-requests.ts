import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { kinds, LambdaError } from '../../errors.ts'

/** The config of a route that web pages of any origin may request: it answers them as it answers everybody. */
export const anyOrigin = { isForAnyOrigin: true } as const

export interface BrowserDependencies {
  /** Whether only this machine reaches the server. Then a browser that sends another host than its own was misled by DNS. */
  readonly isLoopback: boolean
  /** Names that clients of a server on loopback may use beside those of loopback; lower case, without a port. */
  readonly allowedHosts: readonly string[]
}

/**
 * Refuses what web pages of other origins make a browser send: it needs no consent of the server, and without access keys it
 * would create and run functions. Only browsers send these headers, and pages cannot change them.
 *
 * 1. host     a name that DNS leads to loopback makes the page's origin that of the server (DNS rebinding)
 * 2. site     `Sec-Fetch-Site` says where the request comes from; every browser since 2023 sends it
 * 3. origin   `Origin` is another host than the request's own; older browsers send it with all but GET and HEAD
 *
 * Register it before everything that answers.
 */
export function registerBrowserChecks(app: FastifyInstance, { isLoopback, allowedHosts }: BrowserDependencies): void {
  const allowed = new Set(allowedHosts)
  app.addHook('onRequest', ({ headers, routeOptions }, _reply, done) => {
    if (isForAnyOrigin(routeOptions.config)) done()
    else if (isLoopback && !isKnownHost(headers.host, allowed)) done(foreignHost(headers.host))
    else done(isFromElsewhere(headers) ? foreignPage() : undefined)
  })
}

function isForAnyOrigin(config: FastifyRequest['routeOptions']['config']): boolean {
  return (config as { isForAnyOrigin?: boolean } | undefined)?.isForAnyOrigin === true
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether an IP address is one of this machine's own, which no other machine reaches. */
export function isLoopbackAddress(address: string): boolean {
  return (isIPv4(address) && loopback.check(address, 'ipv4')) || (isIPv6(address) && loopback.check(address, 'ipv6'))
}

/** A client of HTTP/1.0 may send no host; browsers always do. */
function isKnownHost(host: string | undefined, allowed: ReadonlySet<string>): boolean {
  if (host === undefined) return true
  const name = hostNameOf(host)
  return allowed.has(name) || isLoopbackAddress(name) || name === 'localhost' || name.endsWith('.localhost')
}

/** The name in a `Host` header, without port, brackets and final dot. */
export function hostNameOf(host: string): string {
  const isBracketed = host.startsWith('[')
  const end = isBracketed ? host.indexOf(']') : host.indexOf(':')
  const name = host.slice(isBracketed ? 1 : 0, end < 0 ? host.length : end).toLowerCase()
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function isFromElsewhere({ origin, host, ...headers }: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  if (site === 'cross-site' || site === 'same-site') return true
  if (origin === undefined) return false
  // Behind a proxy. A page of another origin cannot set this header without a preflight, which is refused.
  const forwarded = headers['x-forwarded-host']
  const own = [host, ...(typeof forwarded === 'string' ? forwarded.split(',', 1) : [])]
  return !own.some((each) => each !== undefined && hasHost(origin, each.trim()))
}

function hasHost(origin: string, host: string): boolean {
  const written = host.toLowerCase()
  return [`http://${written}`, `https://${written}`].includes(origin.toLowerCase())
}

const foreignPage = () => refusal('This server answers no requests of web pages from other origins')

const foreignHost = (host = '') =>
  refusal(
    `This server listens on loopback and does not know the host ${JSON.stringify(hostNameOf(host).slice(0, 253))}. Use localhost or 127.0.0.1, or name the host in KUBELAMBDA_ALLOWED_HOSTS`,
  )

function refusal(message: string): LambdaError {
  return new LambdaError(kinds.accessDenied, `${message}.`, {})
}
