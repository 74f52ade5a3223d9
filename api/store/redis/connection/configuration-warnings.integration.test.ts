import { afterEach, expect, test } from '@jest/globals'
import { openRedisStore } from '../redis-store.ts'
import { describeWithRedis, startRedis, type RunningRedis } from '../testing/redis-server.ts'

describeWithRedis('the settings of Redis', () => {
  let redis: RunningRedis | undefined
  afterEach(() => redis?.stop())

  const warningsWith = async (...settings: string[]) => {
    redis = await startRedis(settings)
    const warnings: string[] = []
    const log = { info: () => undefined, warn: (line: string) => void warnings.push(line) }
    await (await openRedisStore({ url: redis.url, replicaId: 'a', log })).close()
    return warnings
  }

  const bounded = ['--maxmemory', '100mb']

  test('without a file are warned of', async () => {
    expect(await warningsWith(...bounded)).toEqual([expect.stringContaining('appendonly yes')])
  })

  test('without a memory limit are warned of', async () => {
    expect(await warningsWith('--appendonly', 'yes')).toEqual([
      expect.stringMatching(/^Redis .*\(maxmemory 0\).*Set maxmemory/),
    ])
  })

  test('that never sync, or that evict, are warned of', async () => {
    const evicting = [...bounded, '--maxmemory-policy', 'allkeys-lru']
    expect(await warningsWith('--appendonly', 'yes', '--appendfsync', 'no', ...evicting)).toEqual([
      expect.stringContaining('appendfsync everysec'),
      expect.stringContaining('noeviction'),
    ])
  })

  test('that cannot lose data are not warned of', async () => {
    expect(await warningsWith('--appendonly', 'yes', '--appendfsync', 'everysec', ...bounded)).toEqual([])
  })

  test('that Redis does not reveal, as in managed services, are not warned of', async () => {
    expect(await warningsWith('--rename-command', 'CONFIG', '')).toEqual([])
  })
})
