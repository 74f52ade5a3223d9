import { awsItself, type ServiceEndpoint } from './endpoint.ts'
import { createRequestSender, type HttpAnswer } from './request-sender.ts'
import { AwsRefusal } from './services.ts'
import { createSigner, type SignerParts } from './signer.ts'

export interface Ec2Parts extends SignerParts {
  readonly endpoint: ServiceEndpoint
  readonly region: string
}

/** Calls EC2. Rejects with `AwsRefusal` if it refuses, and with `Error` if it is unreachable. */
export type Ec2 = (action: string, members: Readonly<Record<string, string>>) => Promise<void>

const requestTimeoutMs = 10_000
const version = '2016-11-15'

/** Calls EC2 with its query protocol, signed with Signature Version 4. */
export function createEc2({ endpoint, region, ...parts }: Ec2Parts): Ec2 {
  const send = createRequestSender(requestTimeoutMs)
  const signer = createSigner(parts)
  const url = new URL(endpoint === awsItself ? `https://ec2.${region}.amazonaws.com` : endpoint)
  return async (action, members) => {
    const body = new URLSearchParams({ Action: action, Version: version, ...members }).toString()
    const unsigned = { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } } as const
    const headers = await signer.signHeaders({ service: 'ec2', region }, { ...unsigned, url })
    refuseFaults(await send(url, { ...unsigned, headers }))
  }
}

function refuseFaults({ status, text }: HttpAnswer): void {
  if (status < 300) return
  const code = elementOf(text, 'Code')
  if (code === undefined || status >= 500) throw new Error(`EC2 responded with status ${String(status)}.`)
  throw new AwsRefusal(code, elementOf(text, 'Message') ?? '', status)
}

const entities: ReadonlyMap<string, string> = new Map([
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&quot;', '"'],
  ['&apos;', "'"],
  ['&#39;', "'"],
  ['&amp;', '&'],
])

/** The text of the first element of this name. */
function elementOf(xml: string, name: string): string | undefined {
  const start = xml.indexOf(`<${name}>`)
  const end = xml.indexOf(`</${name}>`, start)
  if (start < 0 || end < 0) return undefined
  return xml.slice(start + name.length + 2, end).replaceAll(/&[#\w]+;/g, (entity) => entities.get(entity) ?? entity)
}
