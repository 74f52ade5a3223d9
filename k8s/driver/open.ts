import type { Driver } from '../../api/environments/driver/driver.ts'
import { connectCluster } from '../cluster/cluster.ts'
import { createKubernetesDriver, type KubernetesDriverOptions } from './driver.ts'

/** Connects to the cluster and starts the driver. Missing rights and the like are an error of one line. */
export function openKubernetesDriver(
  options: Omit<KubernetesDriverOptions, 'cluster' | 'isOwnerGone'>,
): Promise<Driver> {
  const { settings } = options
  const cluster = connectCluster(settings.kubeconfig)
  const isOwnerGone = async (server: string): Promise<boolean> => {
    const pod = await cluster.read(settings.namespace, server)
    return pod === undefined || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
  }
  return createKubernetesDriver({ ...options, cluster, isOwnerGone })
}
