import { structureOf } from '../operations.ts'
import type { Operation } from '../operations.ts'
import { sampleInput } from './samples.ts'

/** A malformed request. Its URL has printable ASCII only, so that any HTTP client can send it. */
export interface MalformedRequest {
  /** The operation it was made from. */
  readonly operation: string
  /** The fault, for the report of a failed test. */
  readonly fault: string
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** The parts of a request, before and after faults are applied. */
export interface Draft {
  operation: Operation
  method: string
  labels: Record<string, string>
  query: string[]
  headers: Record<string, string>
  /** JSON members, or the bytes themselves. */
  body: Record<string, unknown> | Buffer
  suffix: string
}

/** A request that is valid in every member. */
export function draftOf(operation: Operation): Draft {
  const draft: Draft = {
    operation,
    method: operation.method,
    labels: {},
    query: Object.entries(operation.query ?? {}).map(([key, value]) => `${key}=${value}`),
    headers: { 'content-type': 'application/json' },
    body: {},
    suffix: '',
  }
  const shape = structureOf(operation.input)
  const input = sampleInput(operation)
  for (const [name, { location, locationName = name }] of Object.entries(shape.members)) {
    const value = jsonOf(input[name])
    if (location === 'uri') draft.labels[locationName] = encodeURIComponent(textOf(value))
    else if (location === 'querystring') draft.query.push(...pairsOf(locationName, value))
    else if (location === 'header') draft.headers[locationName] = textOf(value)
    else if (name === shape.payload)
      draft.body = typeof value === 'string' ? Buffer.from('{}') : (value as Draft['body'])
    else if (!Buffer.isBuffer(draft.body)) draft.body[name] = value
  }
  return draft
}

/** Lists are sent as repeated keys. */
function pairsOf(key: string, value: unknown): string[] {
  return [value].flat().map((each) => `${key}=${encodeURIComponent(textOf(each))}`)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function jsonOf(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, function (this: Record<string, unknown>, key, text: unknown) {
      const original = this[key]
      if (Buffer.isBuffer(original)) return original.toString('base64')
      return original instanceof Date ? original.getTime() / 1000 : text
    }),
  )
}

/** The request of a draft. */
export function render(draft: Draft, fault: string): MalformedRequest {
  const path = draft.operation.path.replaceAll(/\{(\w+)\}/g, (_, label: string) => draft.labels[label] ?? '')
  const query = draft.query.length === 0 ? '' : `?${draft.query.join('&')}`
  const hasBody = draft.method !== 'GET'
  const body = Buffer.isBuffer(draft.body) ? draft.body : Buffer.from(JSON.stringify(draft.body))
  return {
    operation: draft.operation.name,
    fault,
    method: draft.method,
    url: `${path}${draft.suffix}${query}`,
    headers: draft.headers,
    body: hasBody ? body : Buffer.alloc(0),
  }
}

/** A copy of a draft, to apply faults to. */
export function copyOf(draft: Draft): Draft {
  const { labels, query, headers, body } = draft
  const ownBody = Buffer.isBuffer(body) ? body : structuredClone(body)
  return { ...draft, labels: { ...labels }, query: [...query], headers: { ...headers }, body: ownBody }
}
