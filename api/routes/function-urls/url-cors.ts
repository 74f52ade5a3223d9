import type { CorsConfig } from '../../functions/function/attached-settings.ts'

/** Whether the request is a CORS preflight, which is answered without the function (reference 9.6). */
export function isPreflight(method: string, headers: Readonly<Record<string, unknown>>): boolean {
  return (
    method === 'OPTIONS' && headers['origin'] !== undefined && headers['access-control-request-method'] !== undefined
  )
}

/** Headers of the response to a preflight; none for an origin that is not allowed. */
export function preflightHeaders(cors: CorsConfig, origin: string): Record<string, string> {
  const { allowMethods = [], allowHeaders = [], maxAgeSeconds } = cors
  const allowed = originHeaders(cors, origin)
  if (allowed === undefined) return {}
  return {
    ...allowed,
    ...listed('access-control-allow-methods', allowMethods),
    ...listed('access-control-allow-headers', allowHeaders),
    ...(maxAgeSeconds === undefined ? {} : { 'access-control-max-age': String(maxAgeSeconds) }),
  }
}

/** CORS headers for the response of a function. They replace headers with the same names. */
export function answerHeaders(cors: CorsConfig, origin: string): Record<string, string> {
  const allowed = originHeaders(cors, origin)
  if (allowed === undefined) return {}
  return { ...allowed, ...listed('access-control-expose-headers', cors.exposeHeaders ?? []) }
}

/** With credentials browsers refuse `*`, so the origin is echoed. */
function originHeaders({ allowOrigins = [], allowCredentials = false }: CorsConfig, origin: string) {
  const isAny = allowOrigins.includes('*')
  if (!isAny && !allowOrigins.includes(origin)) return undefined
  return {
    'access-control-allow-origin': isAny && !allowCredentials ? '*' : origin,
    ...(allowCredentials ? { 'access-control-allow-credentials': 'true' } : {}),
    vary: 'Origin',
  }
}

function listed(name: string, values: readonly string[]): Record<string, string> {
  return values.length === 0 ? {} : { [name]: values.join(',') }
}
