import { driverContract } from '../../api/environments/driver/driver.contract.ts'
import type { EnvironmentSpec } from '../../api/environments/driver/driver.ts'
import { fakeSpec } from '../../api/environments/testing/fake-environments.ts'
import { zipTree } from '../../fixtures/archive.ts'
import { openKubernetesDriver } from './open.ts'
import type { KubernetesSettings } from '../settings.ts'
import { describeOnThisNode } from '../testing/node-processes.ts'
import { imageOf, openTestCluster } from '../testing/test-cluster.ts'

/** Runs each event's shell command; a custom runtime in the image of Node.js. */
const bootstrap = `#!/usr/local/bin/node
const { spawnSync } = require('node:child_process')
const api = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/invocation/'
const serve = async () => {
  for (;;) {
    const next = await fetch(api + 'next')
    const { shell } = await next.json()
    const { stdout, stderr } = spawnSync('sh', ['-c', shell], { encoding: 'utf8' })
    const body = JSON.stringify({ pid: process.pid, output: stdout, errors: stderr })
    await fetch(api + next.headers.get('lambda-runtime-aws-request-id') + '/response', { method: 'POST', body })
  }
}
serve()`

const settings: Omit<KubernetesSettings, 'namespace' | 'kubeconfig'> = {
  images: { provided: imageOf('nodejs') },
  supervisorImage: imageOf('supervisor'),
  pullPolicy: 'IfNotPresent',
  poolSize: 1,
  poolIdleMs: 3_600_000,
  furtherNamespaces: [],
  startMs: 50_000,
  orphanSeconds: 60,
  overheadMb: 64,
  cpuLimit: false,
  serverName: 'contract',
  nodeSelector: {},
  tolerations: [],
  pullSecrets: [],
  labels: {},
  annotations: {},
}

async function startDriver() {
  const cluster = await openTestCluster()
  const zip = await zipTree(
    new Map([
      ['bootstrap', { mode: 0o100755, content: Buffer.from(bootstrap) }],
      ['handler.txt', { mode: 0o100644, content: Buffer.from('the code\n') }],
    ]),
  )
  let token = 0
  const ignore = () => undefined
  const driver = await openKubernetesDriver({
    settings: { ...settings, namespace: cluster.namespace, kubeconfig: cluster.kubeconfig },
    code: { read: () => Promise.resolve(zip) },
    accountId: '000000000000',
    region: 'us-east-1',
    log: { warn: ignore, info: ignore },
    nextToken: () => Promise.resolve(++token),
    claim: () => Promise.resolve(true),
  })
  const spec: EnvironmentSpec = { ...fakeSpec, timeoutMs: 30_000 }
  const close = async () => {
    await driver.close()
    await cluster.close()
  }
  return { driver, spec, close }
}

describeOnThisNode('environments in pods', () => driverContract('the Kubernetes driver', startDriver))
