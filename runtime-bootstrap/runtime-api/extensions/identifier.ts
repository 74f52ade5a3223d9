import type { ExtensionRefusal } from './extension-events.ts'
import { invalidIdentifier, missingIdentifier, refuse } from './refusals.ts'
import type { ApiReply, ApiRequest } from '../http/http-connection.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The request's extension identifier; refuses the request when it is missing or malformed. */
export function identifierOf({ headers }: ApiRequest, reply: ApiReply): string | undefined {
  const id = headers.get('lambda-extension-identifier') ?? ''
  const refusal = refusalOf(id)
  if (refusal === undefined) return id.toLowerCase()
  refuse(reply, refusal)
  return undefined
}

function refusalOf(id: string): ExtensionRefusal | undefined {
  if (id === '') return missingIdentifier
  return uuid.test(id) ? undefined : invalidIdentifier
}
