import type { AwsServices } from '../../../aws/services.ts'
import { SourceFault } from '../../polling/source.ts'
import { askService } from './secrets.ts'

/** The credentials of a mapping: a secret of one kind, or none. */
export type BrokerSecret = 'certificate' | 'scram' | 'none'

/** Addresses of a cluster's brokers, and the authentication when there is no secret. */
export interface ManagedBrokers {
  readonly bootstrapServers: readonly string[]
  readonly hasTls: boolean
  readonly hasIam: boolean
}

/** MSK's response: a comma-separated list of addresses per kind of authentication. */
interface BootstrapBrokers {
  readonly bootstrapBrokerString?: string
  readonly bootstrapBrokerStringTls?: string
  readonly bootstrapBrokerStringSaslScram?: string
  readonly bootstrapBrokerStringSaslIam?: string
}

type BrokerName = keyof BootstrapBrokers

/** AWS's order: with a secret, its kind of authentication; without one, the strongest that the cluster offers (AWS: msk-cluster-auth). */
const ways: Readonly<Record<BrokerSecret, { readonly names: readonly BrokerName[]; readonly missing: string }>> = {
  certificate: { names: ['bootstrapBrokerStringTls'], missing: 'with TLS' },
  scram: { names: ['bootstrapBrokerStringSaslScram'], missing: 'with SASL/SCRAM' },
  none: {
    names: ['bootstrapBrokerStringSaslIam', 'bootstrapBrokerStringTls', 'bootstrapBrokerString'],
    missing: 'that can be entered without a secret',
  },
}

/** Gets a cluster's brokers from MSK for the applicable kind of authentication. */
export async function findManagedBrokers(
  services: AwsServices,
  clusterArn: string,
  secret: BrokerSecret,
): Promise<ManagedBrokers> {
  const found = await askService<BootstrapBrokers>(services, 'GetBootstrapBrokers', {
    service: 'kafka',
    region: clusterArn.split(':')[3] ?? '',
    path: `/v1/clusters/${encodeURIComponent(clusterArn)}/bootstrap-brokers`,
  })
  const { names, missing } = ways[secret]
  const name = names.find((each) => (found[each] ?? '') !== '')
  if (name === undefined) throw new SourceFault(`${clusterArn} has no brokers ${missing}.`)
  return {
    bootstrapServers: found[name]?.split(',') ?? [],
    hasTls: name !== 'bootstrapBrokerString',
    hasIam: name === 'bootstrapBrokerStringSaslIam',
  }
}
