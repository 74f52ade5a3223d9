import { awsItself, MissingEndpoint, type ServiceEndpoint } from './endpoint.ts'
import { AwsRefusal, type AwsService, type AwsServices, type ServiceCall, type ServiceQuestion } from './services.ts'
import { createRequestSender, type HttpAnswer } from './request-sender.ts'
import { createSigner, type SignerParts, type UnsignedRequest } from './signer.ts'

export interface SignedServicesParts extends SignerParts {
  /** Calls to a service without an endpoint throw `MissingEndpoint`. */
  readonly endpoints: Readonly<Partial<Record<AwsService, ServiceEndpoint>>>
}

/** Timeout of a call; longer than any long poll. */
const requestTimeoutMs = 30_000
const protocols = { sqs: '1.0', kinesis: '1.1', dynamodb: '1.0', secretsmanager: '1.1' } as const
const hosts: Readonly<Record<AwsService, string>> = {
  sqs: 'sqs',
  kinesis: 'kinesis',
  dynamodb: 'streams.dynamodb',
  secretsmanager: 'secretsmanager',
  kafka: 'kafka',
}

/** Calls services over HTTP, with AWS's JSON protocol or by path, signed with Signature Version 4. */
export function createSignedServices(parts: SignedServicesParts): AwsServices {
  const send = createRequestSender(requestTimeoutMs)
  const signer = createSigner(parts)
  return {
    async call(call) {
      const { service, region } = call
      const given = parts.endpoints[service]
      if (given === undefined) throw new MissingEndpoint(service)
      const base = given === awsItself ? `https://${hosts[service]}.${region}.amazonaws.com` : given
      const request = requestOf(call)
      const url = new URL('path' in call ? call.path : base, base)
      const headers = await signer.signHeaders(call, { ...request, url })
      const answer = await send(url, { ...request, headers, signal: call.signal })
      return answerOf(answer)
    },
    presign: ({ url, expiresSeconds, ...scope }) => signer.signAddress(scope, new URL(url), expiresSeconds),
  }
}

function requestOf(call: ServiceCall | ServiceQuestion): Omit<UnsignedRequest, 'url'> {
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
    throw new Error(`The service responded with status ${status} and a body that is not JSON.`, { cause })
  }
  if (status < 300) return answer
  const { __type = '', message, Message } = answer as { __type?: string; message?: string; Message?: string }
  const errorType = headers['x-amzn-errortype']
  const code = (typeof errorType === 'string' ? (errorType.split(':')[0] ?? '') : __type).split('#').at(-1) ?? ''
  throw new AwsRefusal(code, message ?? Message ?? '', status)
}
