import { createHash, createHmac } from 'node:crypto'
import { AwsRefusal, type AwsServices, type JsonService, type ServiceCall } from './aws-services.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export interface SignedServicesParts {
  /** Addresses, or `aws` for AWS's own. */
  readonly endpoints: Readonly<Partial<Record<JsonService, string>>>
  readonly credentials: () => Promise<Credentials>
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** Longer than any long poll. */
const longestCallMs = 30_000
const protocols = { sqs: '1.0', kinesis: '1.1', dynamodb: '1.0' } as const
const hosts = { sqs: 'sqs', kinesis: 'kinesis', dynamodb: 'streams.dynamodb' } as const

/** Calls services over HTTP with AWS's JSON protocol, signed with Signature Version 4. */
export function createSignedServices(parts: SignedServicesParts): AwsServices {
  return {
    async call(call) {
      const { service, region, signal } = call
      const given = parts.endpoints[service] ?? 'aws'
      const url = new URL(given === 'aws' ? `https://${hosts[service]}.${region}.amazonaws.com` : given)
      const body = JSON.stringify(call.input)
      const headers = sign(call, url, body, await parts.credentials(), new Date(parts.now()))
      const limit = AbortSignal.timeout(longestCallMs)
      const either = signal === undefined ? limit : AbortSignal.any([signal, limit])
      const response = await fetch(url, { method: 'POST', headers, body, signal: either })
      return answerOf(response.status, await response.text())
    },
  }
}

function answerOf(status: number, text: string): unknown {
  let answer: unknown
  try {
    answer = JSON.parse(text === '' ? '{}' : text)
  } catch (cause) {
    throw new Error(`The service answered ${status} with what is not JSON.`, { cause })
  }
  if (status < 300) return answer
  const { __type = '', message, Message } = answer as { __type?: string; message?: string; Message?: string }
  throw new AwsRefusal(__type.split('#').at(-1) ?? '', message ?? Message ?? '', status)
}

function sign(
  { service, region, target }: ServiceCall,
  { host, pathname }: URL,
  body: string,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  now: Date,
): Record<string, string> {
  const time = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const headers: Record<string, string> = {
    'content-type': `application/x-amz-json-${protocols[service]}`,
    host,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    'x-amz-target': target,
  }
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const request = ['POST', pathname, '', lines.join(''), names, sha256(body)].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const key = [day, region, service, 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`))
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(request)].join('\n')).toString('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
  return { ...headers, authorization }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
