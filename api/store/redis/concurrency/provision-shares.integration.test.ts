import { expect, test } from '@jest/globals'
import { openProvisionShares } from './provision-shares.ts'
import { membersOfEachTest } from '../testing/members.ts'
import { describeWithRedis } from '../testing/redis-server.ts'

describeWithRedis('shares of provisioned concurrency in Redis', () => {
  const members = membersOfEachTest()

  async function join() {
    const { connection, membership } = await members.join()
    const shares = openProvisionShares(connection, membership)
    const knows = (count: number) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (membership.living.length === count) resolve()
        }
        shares.onChange(look)
        look()
      })
    return { membership, shares, knows }
  }
  type Joined = Awaited<ReturnType<typeof join>>
  const sharesOf = (servers: readonly Joined[], key: string, wanted: number) =>
    servers.map(({ shares }) => shares.shareOf(key, wanted))
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

  test('are together what is wanted, nearly equal, and small ones fall to different servers', async () => {
    const servers = [await join(), await join(), await join()]
    await Promise.all(servers.map(({ knows }) => knows(3)))
    for (let wanted = 0; wanted < 10; wanted++) {
      const shares = sharesOf(servers, 'key', wanted)
      expect(sum(shares)).toBe(wanted)
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
    }
    const keys = Array.from({ length: 20 }, (_, index) => `key-${String(index)}`)
    const byServer = servers.map((server) => sum(keys.flatMap((key) => sharesOf([server], key, 1))))
    expect(sum(byServer)).toBe(20)
    expect(Math.max(...byServer)).toBeLessThan(20)
  })

  test('of a server that ended fall to the others, and what it said counts no more', async () => {
    const [stays, goes] = [await join(), await join()]
    await Promise.all([stays.knows(2), goes.knows(2)])
    await goes.shares.report('key', { initialised: 2, isFailed: false })
    await stays.shares.report('key', { initialised: 1, isFailed: false })
    expect(await stays.shares.othersOf('key')).toEqual({ initialised: 2, isFailed: false })
    expect(await goes.shares.othersOf('key')).toEqual({ initialised: 1, isFailed: false })
    await goes.shares.report('key', { initialised: 0, isFailed: true })
    expect(await stays.shares.othersOf('key')).toEqual({ initialised: 0, isFailed: true })
    await goes.membership.close()
    await stays.knows(1)
    expect(stays.shares.shareOf('key', 4)).toBe(4)
    expect(await stays.shares.othersOf('key')).toEqual({ initialised: 0, isFailed: false })
  })
})
