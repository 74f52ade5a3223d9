import type { CorsConfig } from '../../functions/function/attached-settings.ts'

/** Whether a browser asks for leave to call, which the service answers itself (reference 9.6). */
export function isPreflight(method: string, headers: Readonly<Record<string, unknown>>): boolean {
  return (
    method === 'OPTIONS' && headers['origin'] !== undefined && headers['access-control-request-method'] !== undefined
  )
}

/** Headers for a preflight; an origin that may not call gets none. */
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

/** Headers for the answer of a function; they replace those of the same names that it set. */
export function answerHeaders(cors: CorsConfig, origin: string): Record<string, string> {
  const allowed = originHeaders(cors, origin)
  if (allowed === undefined) return {}
  return { ...allowed, ...listed('access-control-expose-headers', cors.exposeHeaders ?? []) }
}

/** With credentials a browser takes no `*`, so that the origin is echoed. */
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
