import { describeLeases } from './lease.contract.ts'
import { createLocalLeases } from './local-leases.ts'

describeLeases('the server itself', async () => {
  let nowMs = 1_000_000
  const leases = createLocalLeases(() => nowMs)
  const pass = async (ms: number) => {
    nowMs += ms
  }
  return { one: leases, other: leases, pass, close: async () => undefined }
})
