import type { ProvisionState } from '../scheduling/provisioned-environments.ts'

/**
 * How servers that share their environments divide what is to be kept initialised. Promises: the shares of a key over all
 * living servers are together what is wanted, as soon as each has heard of the others; what a dead server said counts no more.
 */
export interface ProvisionShares {
  /** How many of the key's environments are this server's to keep. */
  shareOf(key: string, wanted: number): number
  /** Tells the others how far this server is. */
  report(key: string, state: ProvisionState): Promise<void>
  /** How far the other living servers are together. */
  othersOf(key: string): Promise<ProvisionState>
  /** Called when servers came or went: shares are others than before. */
  onChange(listener: () => void): void
}

/** All of it is kept by this server, whose environments no other can use. */
export const wholeShares: ProvisionShares = {
  shareOf: (_key, wanted) => wanted,
  report: () => Promise.resolve(),
  othersOf: () => Promise.resolve({ initialised: 0, isFailed: false }),
  onChange: () => undefined,
}
