import type { ExtensionEvents, ExtensionRefusal, FunctionIdentity } from './extension-events.ts'
import { configurationKeys, emptyName, invalidFormat, refuse } from './refusals.ts'
import type { ApiReply, ApiRequest } from '../http/http-connection.ts'

/** Registers an extension for the events it names. */
export function extensionRegister(extensions: ExtensionEvents, request: ApiRequest, reply: ApiReply): void {
  const { headers, body } = request
  const name = headers.get('lambda-extension-name') ?? ''
  if (name === '') return refuse(reply, emptyName)
  const events = eventsIn(body)
  if ('errorType' in events) return refuse(reply, events)
  const registered = extensions.register(name, events)
  if ('errorType' in registered) return refuse(reply, registered)
  const features = (headers.get('lambda-extension-accept-feature') ?? '').split(',').map((feature) => feature.trim())
  reply.send(
    `200 OK\r\nContent-Type: application/json\r\nLambda-Extension-Identifier: ${registered.id}\r\n`,
    Buffer.from(`${JSON.stringify(answerOf(extensions.identity(), features.includes('accountId')))}\n`),
  )
}

function answerOf({ accountId, ...identity }: FunctionIdentity, isAccountAsked: boolean) {
  return isAccountAsked ? { accountId, ...identity } : identity
}

/** Some clients send null instead of an empty list. */
function eventsIn(body: Buffer): readonly string[] | ExtensionRefusal {
  let request: unknown
  try {
    request = JSON.parse(body.toString())
  } catch (error) {
    return invalidFormat((error as Error).message)
  }
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return invalidFormat('the request is not a JSON object')
  }
  const { events = null, configurationKeys: keys } = request as Readonly<Record<string, unknown>>
  if (Array.isArray(keys) && keys.length > 0) return configurationKeys
  if (events === null) return []
  const isList = Array.isArray(events) && events.every((event) => typeof event === 'string')
  return isList ? events : invalidFormat('events is not a list of strings')
}
