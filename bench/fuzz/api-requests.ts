import { operations, structureOf, type Operation } from '../../api/model/operations.ts'
import type { Random } from './random.ts'
import { createValues } from './request-values.ts'

/** One request of the API, as a client would send it. */
export interface ApiRequest {
  readonly operation: Operation
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** Random requests of every operation, most of them nearly valid. `zip` is a package that can be invoked, in Base64. */
export function createApiRequests(random: Random, zip: string): () => ApiRequest {
  const valueOf = createValues(random, zip)
  return () => {
    const operation = pickOperation()
    const input = structureOf(operation.input)
    const query = new URLSearchParams(operation.query)
    const headers: Record<string, string> = {}
    const body: Record<string, unknown> = {}
    let payload: string | undefined
    let { path } = operation
    for (const [name, member] of Object.entries(input.members)) {
      const isRequired = input.required.includes(name)
      if (!random.chance(isRequired ? 0.98 : 0.3)) continue
      const value = valueOf(name, member.shape)
      const wireName = member.locationName ?? name
      if (member.location === 'uri') path = path.replace(`{${wireName}}`, encode(textOf(value)))
      else if (member.location === 'querystring') query.append(wireName, textOf(value))
      else if (member.location === 'header') headers[wireName] = headerText(textOf(value))
      else if (input.payload === name) payload = textOf(value)
      else body[wireName] = value
    }
    const search = query.toString()
    const hasBody = operation.method === 'POST' || operation.method === 'PUT'
    const json = random.chance(0.97) ? JSON.stringify(body) : JSON.stringify(body).slice(0, random.below(40))
    return {
      operation,
      path: search === '' ? path : `${path}?${search}`,
      headers,
      body: hasBody ? (payload ?? json) : undefined,
    }
  }

  /** Deletions are rare, so that there is something to aim at. */
  function pickOperation(): Operation {
    const operation = random.pick(operations)
    return operation.method === 'DELETE' && random.chance(0.8) ? pickOperation() : operation
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

/** Node.js's client refuses other characters in headers; the requests made of bytes have them. */
function headerText(text: string): string {
  return text.replaceAll(/[^\t\x20-\x7e]/g, '?')
}
