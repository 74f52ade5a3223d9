import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { describePlaceLedger } from '../../../environments/concurrency/permit-ledger.contract.ts'
import type { PermitLedger } from '../../../environments/concurrency/permit-ledger.ts'
import { permitKeys } from '../connection/keys.ts'
import type { Membership } from '../membership/membership.ts'
import { openPermitLedger } from './permit-ledger.ts'
import { keepSubscribed, type Subscription } from '../connection/subscription.ts'
import { startMembers } from '../testing/members.ts'
import { describeWithRedis, startRedis, type RunningRedis } from '../testing/redis-server.ts'

describeWithRedis('the place ledger in Redis', () => {
  let redis: RunningRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  describePlaceLedger('Redis', async () => {
    redis.cli('FLUSHALL')
    const members = startMembers(redis)
    const opened = new Map<PermitLedger, Membership>()
    const subscriptions: Subscription[] = []
    return {
      open: async (listener) => {
        const { connection, membership } = await members.join()
        const ledger = openPermitLedger(connection, membership)
        ledger.listen(listener)
        opened.set(ledger, membership)
        await new Promise<void>((onUp) => {
          const channel = { onMessage: (text: string) => ledger.hear(text), onUp }
          subscriptions.push(keepSubscribed(connection, { [permitKeys.wanted]: channel }))
        })
        return ledger
      },
      die: async (ledger) => {
        const membership = opened.get(ledger)
        if (membership !== undefined) members.declareDead(membership)
      },
      close: async () => {
        for (const subscription of subscriptions) subscription.stop()
        await members.close()
      },
    }
  })

  test('cannot be reached without Redis', async () => {
    const gone = await startRedis()
    const members = startMembers(gone)
    const { connection, membership } = await members.join()
    const ledger = openPermitLedger(connection, membership)
    await ledger.reach()
    await gone.signal('SIGKILL')
    await expect(ledger.reach()).rejects.toMatchObject({ status: 503 })
    await members.close()
    await gone.stop()
  })
})
