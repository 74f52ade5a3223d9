import { createHmac, hash } from 'node:crypto'
import {
  AwsRefusal,
  type AwsService,
  type AwsServices,
  type ServiceCall,
  type ServiceQuestion,
} from './aws-services.ts'
import { createRequestSender, type HttpAnswer } from './request-sender.ts'
import { SourceFault } from './source.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export interface SignedServicesParts {
  /** Addresses, or `aws` for AWS's own. */
  readonly endpoints: Readonly<Partial<Record<AwsService, string>>>
  readonly credentials: () => Promise<Credentials>
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** Longer than any long poll. */
const longestCallMs = 30_000
const protocols = { sqs: '1.0', kinesis: '1.1', dynamodb: '1.0', secretsmanager: '1.1' } as const
const hosts: Readonly<Record<AwsService, string>> = {
  sqs: 'sqs',
  kinesis: 'kinesis',
  dynamodb: 'streams.dynamodb',
  secretsmanager: 'secretsmanager',
  kafka: 'kafka',
}

/** Calls services over HTTP with AWS's JSON protocol, or asks by path, signed with Signature Version 4. */
export function createSignedServices(parts: SignedServicesParts): AwsServices {
  const send = createRequestSender(longestCallMs)
  const keyOf = createSigningKeys()
  return {
    async call(call) {
      const { service, region } = call
      const given = parts.endpoints[service]
      if (given === undefined) throw new SourceFault(noEndpoint(service))
      const base = given === 'aws' ? `https://${hosts[service]}.${region}.amazonaws.com` : given
      const request = requestOf(call)
      const url = new URL('path' in call ? call.path : base, base)
      const time = new Date(parts.now()).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
      const headers = sign(call, request, url, await parts.credentials(), { time, keyOf })
      const answer = await send(url, { ...request, headers, signal: call.signal })
      return answerOf(answer)
    },
  }
}

function noEndpoint(service: AwsService): string {
  return `No endpoint is set for ${service}: set KUBELAMBDA_${service.toUpperCase()}_ENDPOINT or KUBELAMBDA_AWS_ENDPOINT.`
}

interface SignedRequest {
  readonly method: 'GET' | 'POST'
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

function requestOf(call: ServiceCall | ServiceQuestion): SignedRequest {
  if ('path' in call) return { method: 'GET', body: '', headers: {} }
  const type = `application/x-amz-json-${protocols[call.service]}`
  return {
    method: 'POST',
    body: JSON.stringify(call.input),
    headers: { 'content-type': type, 'x-amz-target': call.target },
  }
}

function answerOf({ status, headers, text }: HttpAnswer): unknown {
  let answer: unknown
  try {
    answer = JSON.parse(text === '' ? '{}' : text)
  } catch (cause) {
    throw new Error(`The service answered ${status} with what is not JSON.`, { cause })
  }
  if (status < 300) return answer
  const { __type = '', message, Message } = answer as { __type?: string; message?: string; Message?: string }
  const errorType = headers['x-amzn-errortype']
  const code = (typeof errorType === 'string' ? (errorType.split(':')[0] ?? '') : __type).split('#').at(-1) ?? ''
  throw new AwsRefusal(code, message ?? Message ?? '', status)
}

function sign(
  { service, region }: Pick<ServiceCall | ServiceQuestion, 'service' | 'region'>,
  { method, body, headers: given }: SignedRequest,
  { host, pathname }: URL,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  { time, keyOf }: { readonly time: string; readonly keyOf: SigningKeys },
): Record<string, string> {
  const day = time.slice(0, 8)
  const all: Record<string, string> = {
    ...given,
    host,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  }
  const headers = Object.fromEntries(Object.entries(all).sort(([one], [other]) => (one < other ? -1 : 1)))
  // What is encoded in the address is encoded once more to be signed.
  const path = pathname.split('/').map(encodeURIComponent).join('/')
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const request = [method, path, '', lines.join(''), names, hash('sha256', body)].join('\n')
  const scope = [day, region, service, 'aws4_request']
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), hash('sha256', request)].join('\n')
  const signature = hmac(keyOf(scope, secretAccessKey), text).toString('hex')
  const credential = `${accessKeyId}/${scope.join('/')}`
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`
  return { ...headers, authorization }
}

/** The key that signs in a scope: day, region and service. */
type SigningKeys = (scope: readonly string[], secretAccessKey: string) => Buffer

/** A key is worked out once: the newest of each region and service is kept. */
function createSigningKeys(): SigningKeys {
  const kept = new Map<string, { readonly of: string; readonly key: Buffer }>()
  return (scope, secretAccessKey) => {
    const [of, place] = [[...scope, secretAccessKey].join('/'), scope.slice(1).join('/')]
    const known = kept.get(place)
    if (known?.of === of) return known.key
    const key = scope.reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`))
    kept.set(place, { of, key })
    return key
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
