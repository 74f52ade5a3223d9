import type { AwsServices } from '../../../aws/services.ts'
import { SourceFault } from '../../polling/source.ts'
import { askService } from './secrets.ts'

/** What a mapping has for entering a cluster: a secret of one kind, or none. */
export type BrokerSecret = 'certificate' | 'scram' | 'none'

/** Addresses of a cluster's brokers, and how they are entered where no secret says it. */
export interface ManagedBrokers {
  readonly bootstrapServers: readonly string[]
  readonly hasTls: boolean
  readonly hasIam: boolean
}

/** What MSK answers: addresses by what they want, each a text with commas. */
interface BootstrapBrokers {
  readonly bootstrapBrokerString?: string
  readonly bootstrapBrokerStringTls?: string
  readonly bootstrapBrokerStringSaslScram?: string
  readonly bootstrapBrokerStringSaslIam?: string
}

type BrokerName = keyof BootstrapBrokers

/** AWS's order: a secret is used as such, and without one the strongest way that the cluster has (AWS: msk-cluster-auth). */
const ways: Readonly<Record<BrokerSecret, { readonly names: readonly BrokerName[]; readonly missing: string }>> = {
  certificate: { names: ['bootstrapBrokerStringTls'], missing: 'with TLS' },
  scram: { names: ['bootstrapBrokerStringSaslScram'], missing: 'with SASL/SCRAM' },
  none: {
    names: ['bootstrapBrokerStringSaslIam', 'bootstrapBrokerStringTls', 'bootstrapBrokerString'],
    missing: 'that can be entered without a secret',
  },
}

/** Asks MSK for the brokers of a cluster, by the way in which they are to be entered. */
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
