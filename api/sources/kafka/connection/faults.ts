import { MissingEndpoint } from '../../../aws/endpoint.ts'
import { MissingCredentials } from '../../../aws/credentials.ts'
import { SourceFault } from '../../polling/source.ts'

/** What may be known of an error of the library, of Node.js, or of TLS. */
interface Known {
  readonly name?: string
  /** Of Kafka's protocol. */
  readonly type?: string
  readonly code?: unknown
  readonly cause?: unknown
}

/** AWS's words for what a mapping shows of a cluster that cannot be entered. */
const faults: readonly { readonly text: string; readonly isMeant: (known: Known) => boolean }[] = [
  { text: 'SASL authentication failed.', isMeant: ({ name }) => name === 'KafkaJSSASLAuthenticationError' },
  { text: 'Cluster failed to authorize Lambda.', isMeant: ({ type = '' }) => type.endsWith('_AUTHORIZATION_FAILED') },
  { text: 'Server failed to authenticate Lambda.', isMeant: ({ code }) => /^ERR_SSL_\w*ALERT/.test(String(code)) },
  {
    text: 'Lambda failed to authenticate server.',
    isMeant: ({ code }) => /CERT|UNABLE_TO|SIGNATURE/.test(String(code)),
  },
]

/** What a mapping shows of this error: a cluster that cannot be reached stays a plain `Error`, which is shown as such. */
export function kafkaFault(error: unknown, topics: readonly string[]): unknown {
  for (let known = error; known instanceof Error; known = known.cause) {
    if (known instanceof SourceFault || known instanceof MissingEndpoint) return known
    if (known instanceof MissingCredentials) return new SourceFault(known.message, { cause: error })
    if ((known as Known).type === 'UNKNOWN_TOPIC_OR_PARTITION')
      return new SourceFault(`Topic not found: ${topics.join(', ')}`, { cause: error })
    const fault = faults.find(({ isMeant }) => isMeant(known as Known))
    if (fault !== undefined) return new SourceFault(fault.text, { cause: error })
  }
  return error
}
