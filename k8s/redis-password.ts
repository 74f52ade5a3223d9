import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { CoreV1Api } from '@kubernetes/client-node'
import { ClusterFault } from './cluster/cluster-fault.ts'
import { sendRequest, loadConfig } from './cluster/cluster.ts'

/**
 * Gives the Redis of the manifests a password: creates the Secret `redis-password` in the namespace that it runs in, unless
 * there is one. An init container of Redis runs it, whose only right is to create Secrets; REDIS_PASSWORD is what the Secret
 * says, if there is one, so that a Redis that starts anew does not need the Kubernetes API.
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

/** Returns a log line that says what was found or done. */
async function ensurePassword(password: string | undefined): Promise<string> {
  if (password === undefined) return createSecret()
  // Servers have it in an address, which Redis does not.
  if (/^[A-Za-z0-9._~-]+$/.test(password)) return `the Secret ${name} is there`
  throw new Error(`The password in the Secret ${name} must be of letters, digits and the characters . _ ~ - alone`)
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
      if (fault.kind === 'conflict') return `the Secret ${name} is there`
      if (fault.kind !== 'unreachable' || performance.now() > end)
        throw new Error(`Create the Secret ${name} with a key password, or mend this: ${fault.message}`, {
          cause: fault,
        })
    }
    await delay(retryMs)
  }
}
