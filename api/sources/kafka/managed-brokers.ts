import type { AwsServices } from '../aws-services.ts'
import { SourceFault } from '../source.ts'
import { askService } from './secrets.ts'

/** Addresses of a cluster's brokers, and whether they speak TLS. */
export interface ManagedBrokers {
  readonly bootstrapServers: readonly string[]
  readonly hasTls: boolean
}

/** What MSK answers: addresses by what they want, each a text with commas. */
interface BootstrapBrokers {
  readonly bootstrapBrokerString?: string
  readonly bootstrapBrokerStringTls?: string
  readonly bootstrapBrokerStringSaslScram?: string
}

/** Asks MSK for the brokers of a cluster, by the way in which they are to be entered. */
export async function findManagedBrokers(
  services: AwsServices,
  clusterArn: string,
  hasSasl: boolean,
): Promise<ManagedBrokers> {
  const found = await askService<BootstrapBrokers>(services, 'GetBootstrapBrokers', {
    service: 'kafka',
    region: clusterArn.split(':')[3] ?? '',
    path: `/v1/clusters/${encodeURIComponent(clusterArn)}/bootstrap-brokers`,
  })
  const secure = hasSasl ? found.bootstrapBrokerStringSaslScram : found.bootstrapBrokerStringTls
  const given = secure ?? (hasSasl ? undefined : found.bootstrapBrokerString)
  if (given === undefined)
    throw new SourceFault(
      `${clusterArn} has no brokers ${hasSasl ? 'with SASL/SCRAM' : 'without IAM access control, which is not supported here'}.`,
    )
  return { bootstrapServers: given.split(','), hasTls: secure !== undefined }
}
