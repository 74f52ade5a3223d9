import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { AwsServices } from '../../../aws/services.ts'
import type { KafkaAccess } from '../../mappings/poll-settings.ts'
import { SourceFault, type SourceParts } from '../../polling/source.ts'
import type { ClusterAccess } from '../client/cluster.ts'
import type { SaslCredentials } from '../client/sasl.ts'
import { iamToken } from './iam-token.ts'
import { findManagedBrokers } from './managed-brokers.ts'
import { readSecret } from './secrets.ts'

const mechanisms: ReadonlyMap<string, 'plain' | 'scram-sha-256' | 'scram-sha-512'> = new Map([
  ['BASIC_AUTH', 'plain'],
  ['SASL_SCRAM_256_AUTH', 'scram-sha-256'],
  ['SASL_SCRAM_512_AUTH', 'scram-sha-512'],
])

/**
 * Resolves the brokers and credentials of a mapping's cluster. Reads secrets each time, so that rotated ones take effect.
 * As on AWS, credentials are sent only over TLS. Subnets and security groups have no effect.
 */
export async function findClusterAccess({
  settings,
  services,
}: Pick<SourceParts, 'settings' | 'services'>): Promise<ClusterAccess> {
  const { kind, sourceArn, kafka } = settings
  const [given, tls] = [await saslOf(kafka.access, services), await tlsOf(kafka.access, services)]
  if (kind !== 'msk') return accessTo(kafka.bootstrapServers, given, tls)
  const certificateOrNone = tls?.cert === undefined ? 'none' : 'certificate'
  const secret = given === undefined ? certificateOrNone : 'scram'
  const { bootstrapServers, hasTls, hasIam } = await findManagedBrokers(services, sourceArn, secret)
  const sasl = hasIam ? iamSasl(services, sourceArn.split(':')[3] ?? '') : given
  return accessTo(bootstrapServers, sasl, hasTls ? (tls ?? {}) : tls)
}

/** Each connection authenticates with its own token, and reauthenticates before its session expires. */
function iamSasl(services: AwsServices, region: string): SaslCredentials {
  return {
    mechanism: 'oauthbearer',
    token: () => iamToken(services, region),
  }
}

function accessTo(
  bootstrapServers: readonly string[],
  sasl: SaslCredentials | undefined,
  tls: SecureContextOptions | undefined,
): ClusterAccess {
  const isSecure = sasl !== undefined || tls !== undefined
  return { bootstrapServers, ...(isSecure ? { tls: tls ?? {} } : {}), ...(sasl === undefined ? {} : { sasl }) }
}

async function saslOf(access: readonly KafkaAccess[], services: AwsServices): Promise<SaslCredentials | undefined> {
  const found = access.find(({ type = '' }) => mechanisms.has(type))
  const mechanism = mechanisms.get(found?.type ?? '')
  if (found === undefined || mechanism === undefined) return undefined
  const { username, password } = await readSecret(services, found.uri ?? '', ['username', 'password'])
  return { mechanism, username, password }
}

async function tlsOf(access: readonly KafkaAccess[], services: AwsServices): Promise<SecureContextOptions | undefined> {
  const uriOf = (asked: string) => access.find(({ type }) => type === asked)?.uri
  const [authority, client] = [uriOf('SERVER_ROOT_CA_CERTIFICATE'), uriOf('CLIENT_CERTIFICATE_TLS_AUTH')]
  const options: SecureContextOptions = {}
  if (authority !== undefined) options.ca = (await readSecret(services, authority, ['certificate'])).certificate
  if (client !== undefined) {
    const secret = await readSecret(services, client, ['certificate', 'privateKey'])
    const { certificate: cert, privateKey: key, privateKeyPassword: passphrase } = secret
    Object.assign(options, { cert, key }, typeof passphrase === 'string' ? { passphrase } : {})
  }
  if (authority === undefined && client === undefined) return undefined
  try {
    createSecureContext(options)
  } catch (cause) {
    throw new SourceFault('Provided certificate or private key is invalid.', { cause })
  }
  return options
}
