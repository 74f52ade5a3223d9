import type { Driver } from '../../api/environments/driver/driver.ts'
import { connectCluster } from '../cluster/cluster.ts'
import { createKubernetesDriver, type KubernetesDriverOptions } from '../driver/driver.ts'
import type { KubernetesSettings } from '../settings.ts'
import { someSettings } from './samples.ts'

/** Starts a driver on a fake API server, without a pool by default. The caller gives the log and the abort signal. */
export function startTestDriver(
  kubeconfig: string,
  options: Pick<KubernetesDriverOptions, 'log'> & Partial<KubernetesDriverOptions>,
  settings: Partial<KubernetesSettings> = {},
): Promise<Driver> {
  return createKubernetesDriver({
    cluster: connectCluster(kubeconfig),
    settings: someSettings({ poolSize: 0, startMs: 400, ...settings }),
    code: { read: () => Promise.resolve(undefined) },
    accountId: '000000000000',
    region: 'us-east-1',
    nextToken: () => Promise.resolve(1),
    isOwnerGone: () => Promise.resolve(false),
    claim: () => Promise.resolve(true),
    ...options,
  })
}
