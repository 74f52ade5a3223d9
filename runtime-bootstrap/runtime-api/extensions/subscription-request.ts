/** Kinds of records that an extension can ask for. */
export const telemetryTypes = ['platform', 'function', 'extension'] as const
export type TelemetryType = (typeof telemetryTypes)[number]

/** Which of the two APIs is asked; the Logs API is the older one. */
export type TelemetryApi = 'telemetry' | 'logs'

export interface Destination {
  readonly protocol: 'HTTP' | 'TCP'
  /** On this machine, whatever the host is called. */
  readonly port: number
  /** Of the URI, for HTTP. */
  readonly path: string
}

/** A validated subscription of an extension. */
export interface SubscriptionRequest {
  readonly api: TelemetryApi
  readonly schemaVersion: string
  readonly types: readonly TelemetryType[]
  readonly maxItems: number
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly destination: Destination
}

type Fields = Readonly<Record<string, unknown>>

const schemaVersions: Readonly<Record<TelemetryApi, readonly string[]>> = {
  telemetry: ['2022-07-01', '2022-12-13', '2025-01-29'],
  logs: ['2020-08-15', '2021-03-18'],
}
/** Minimum, maximum and default. */
const limits = {
  maxItems: [1_000, 10_000, 10_000],
  maxBytes: [262_144, 1_048_576, 262_144],
  timeoutMs: [25, 30_000, 1_000],
} as const
/** AWS's host name for the sandbox; it always means this machine. */
const host = 'sandbox.localdomain'
const runtimeApiPort = 9001

/** Validates a request; all violations are joined in one line, as on AWS. */
export function readSubscription(api: TelemetryApi, body: Buffer): SubscriptionRequest | { readonly invalid: string } {
  const faults: string[] = []
  const request = fieldsOf(parse(body, faults))
  const schemaVersion = schemaVersionIn(request, api, faults)
  const destination = destinationIn(fieldsOf(request['destination']), faults)
  const buffering = fieldsOf(request['buffering'])
  const [maxItems, maxBytes, timeoutMs] = [
    limited('maxItems', buffering, faults),
    limited('maxBytes', buffering, faults),
    limited('timeoutMs', buffering, faults),
  ]
  const types = typesIn(request['types'], faults)
  if (faults.length > 0) return { invalid: faults.join('; ') }
  return { api, schemaVersion, types, maxItems, maxBytes, timeoutMs, destination }
}

function parse(body: Buffer, faults: string[]): unknown {
  try {
    return JSON.parse(body.toString())
  } catch (error) {
    faults.push((error as Error).message)
    return undefined
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

function schemaVersionIn({ schemaVersion }: Fields, api: TelemetryApi, faults: string[]): string {
  const known = schemaVersions[api]
  // The older API began without versions.
  const version = schemaVersion ?? (api === 'logs' ? known[0] : undefined)
  if (typeof version === 'string' && known.includes(version)) return version
  faults.push(`schemaVersion should be one of [${known.join(', ')}]`)
  return ''
}

function destinationIn(destination: Fields, faults: string[]): Destination {
  const { protocol } = destination
  if (protocol === 'TCP') return { protocol, port: portIn(destination['port'], faults), path: '' }
  if (protocol === 'HTTP') return { protocol, ...uriIn(destination['URI'], faults) }
  faults.push('destination protocol should be HTTP or TCP')
  return { protocol: 'HTTP', port: 0, path: '' }
}

function uriIn(uri: unknown, faults: string[]): { port: number; path: string } {
  const url = typeof uri === 'string' && URL.canParse(uri) ? new URL(uri) : undefined
  if (url?.protocol !== 'http:') faults.push('URI is not valid')
  else if (url.hostname !== host) faults.push(`URI host should be ${host}`)
  // A URL object omits the default port 80.
  else if (url.port === '' && !/^http:\/\/[^/]*:80(\/|\?|$)/.test(uri as string))
    faults.push('URI port is not provided')
  else return { port: portIn(Number(url.port || '80'), faults), path: url.pathname + url.search }
  return { port: 0, path: '' }
}

function portIn(port: unknown, faults: string[]): number {
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) faults.push('port is not valid')
  else if (port === runtimeApiPort) faults.push(`port ${String(port)} is reserved`)
  else return port
  return 0
}

function limited(name: keyof typeof limits, buffering: Fields, faults: string[]): number {
  const [min, max, fallback] = limits[name]
  const value = buffering[name] ?? fallback
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  faults.push(`${name} should be between ${String(min)} and ${String(max)}`)
  return fallback
}

function typesIn(types: unknown, faults: string[]): TelemetryType[] {
  const asked: readonly unknown[] = Array.isArray(types) ? types : []
  if (asked.length === 0) faults.push('types should not be empty')
  const known = telemetryTypes.filter((type) => asked.includes(type))
  if (asked.some((type) => !known.some((each) => each === type))) {
    faults.push(`types should be of [${telemetryTypes.join(', ')}]`)
  }
  return known
}
