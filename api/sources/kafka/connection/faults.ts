import { MissingEndpoint } from '../../../aws/endpoint.ts'
import { MissingCredentials } from '../../../aws/credentials.ts'
import { SourceFault } from '../../polling/source.ts'
import { isProtocolError, protocolErrorOf } from '../client/protocol-errors.ts'

/** Members of errors of the library, of Node.js and of TLS. */
interface Known {
  readonly code?: unknown
  readonly cause?: unknown
}

/** Errors that say that a topic, a group or the cluster is not authorized. */
const refusals = [29, 30, 31]

/** AWS's messages in a mapping for a cluster that rejects connections. */
const faults: readonly { readonly text: string; readonly isMeant: (known: Known) => boolean }[] = [
  { text: 'SASL authentication failed.', isMeant: (known) => isProtocolError(known, 'saslAuthenticationFailed') },
  { text: 'Cluster failed to authorize Lambda.', isMeant: (known) => refusals.includes(protocolErrorOf(known) ?? 0) },
  { text: 'Server failed to authenticate Lambda.', isMeant: ({ code }) => /^ERR_SSL_\w*ALERT/.test(String(code)) },
  {
    text: 'Lambda failed to authenticate server.',
    isMeant: ({ code }) => /CERT|UNABLE_TO|SIGNATURE/.test(String(code)),
  },
]

/** Translates an error for the mapping. An unreachable cluster stays a plain `Error`, which the mapping shows as such. */
export function kafkaFault(error: unknown, topics: readonly string[]): unknown {
  for (let known = error; known instanceof Error; known = known.cause) {
    if (known instanceof SourceFault || known instanceof MissingEndpoint) return known
    if (known instanceof MissingCredentials) return new SourceFault(known.message, { cause: error })
    if (isProtocolError(known, 'unknownTopicOrPartition'))
      return new SourceFault(`Topic not found: ${topics.join(', ')}`, { cause: error })
    const fault = faults.find(({ isMeant }) => isMeant(known as Known))
    if (fault !== undefined) return new SourceFault(fault.text, { cause: error })
  }
  return error
}
