import { Cluster, type Redis } from 'ioredis'
import type { RedisConnection } from './connection.ts'

const oldestMajor = 6

/** Lists, in a line each, how data could be lost with the configuration of Redis. Skips settings that Redis does not reveal. */
export async function configurationWarnings({ client }: RedisConnection): Promise<string[]> {
  const node = client instanceof Cluster ? client.nodes('master')[0] : client
  if (node === undefined) return []
  const [settings, version] = await Promise.all([settingsOf(node), versionOf(node)])
  const warnings: string[] = []
  if (settings.get('appendonly') === 'no')
    warnings.push(
      'Redis has no append-only file (appendonly no): functions, and events that were answered 202, are lost when it restarts. Set appendonly yes.',
    )
  else if (settings.get('appendfsync') === 'no')
    warnings.push(
      'Redis leaves it to the system when its file is written (appendfsync no): up to half a minute of saves and events is lost when its machine fails. Set appendfsync everysec or always.',
    )
  const policy = settings.get('maxmemory-policy')
  if (settings.get('maxmemory') === '0')
    warnings.push(
      'Redis may use all memory (maxmemory 0): once it is used up the system kills Redis, and again whenever it has read its file. Set maxmemory to some 70 % of what it has.',
    )
  else if (policy !== undefined && policy !== 'noeviction')
    warnings.push(
      `Redis removes keys when its memory is full (maxmemory-policy ${policy}): functions and events can disappear. Set maxmemory-policy noeviction.`,
    )
  if (version !== undefined && Number.parseInt(version) < oldestMajor)
    warnings.push(`Redis ${version} is older than ${String(oldestMajor)}, the oldest that kubelambda is meant for.`)
  return warnings
}

/** Managed services refuse CONFIG; then the settings are unknown. */
async function settingsOf(node: Redis): Promise<Map<string, string>> {
  try {
    const values = await node.config('GET', '*')
    return new Map(
      Array.from({ length: values.length / 2 }, (_, at) => [values[at * 2] ?? '', values[at * 2 + 1] ?? '']),
    )
  } catch {
    return new Map()
  }
}

async function versionOf(node: Redis): Promise<string | undefined> {
  const info = await node.info('server').catch(() => '')
  return /redis_version:(\S+)/.exec(info)?.[1]
}
