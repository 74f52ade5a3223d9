import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { CoreV1Api } from '@kubernetes/client-node'
import { ClusterFault } from './cluster/cluster-fault.ts'
import { sendRequest, loadConfig } from './cluster/cluster.ts'

/**
 * Creates the password of the manifests' Redis: the Secret `redis-password` in its own namespace, unless
 * it exists. Runs in an init container of Redis, whose only right is to create Secrets. REDIS_PASSWORD is the Secret's
 * value, if it exists, so that a restart of Redis does not need the Kubernetes API.
 */
const name = 'redis-password'
const retryMs = 1_000
const timeoutMs = 60_000

try {
  process.stdout.write(`redis-password: ${await ensurePassword(process.env['REDIS_PASSWORD'])}\n`)
} catch (fault) {
  process.stderr.write(`redis-password: ${fault instanceof Error ? fault.message : String(fault)}\n`)
  process.exitCode = 1
}

/** Returns a log line with the result. */
async function ensurePassword(password: string | undefined): Promise<string> {
  if (password === undefined) return createSecret()
  // Servers use it in a URL.
  if (/^[A-Za-z0-9._~-]+$/.test(password)) return `the Secret ${name} exists`
  throw new Error(`The password in the Secret ${name} may only contain letters, digits and the characters . _ ~ -`)
}

async function createSecret(): Promise<string> {
  const config = loadConfig(undefined)
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace ?? 'default'
  const core = config.makeApiClient(CoreV1Api)
  const body = { metadata: { name }, stringData: { password: randomBytes(32).toString('hex') } }
  const end = performance.now() + timeoutMs
  for (;;) {
    try {
      await sendRequest('create secrets', () => core.createNamespacedSecret({ namespace, body }))
      return `created the Secret ${name}`
    } catch (fault) {
      if (!(fault instanceof ClusterFault)) throw fault
      if (fault.kind === 'conflict') return `the Secret ${name} exists`
      if (fault.kind !== 'unreachable' || performance.now() > end)
        throw new Error(`Create the Secret ${name} with a key password, or fix this:  ${fault.message}`, {
          cause: fault,
        })
    }
    await delay(retryMs)
  }
}
