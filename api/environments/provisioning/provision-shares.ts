import type { ProvisionState } from '../scheduling/provisioned-environments.ts'

/**
 * Divides provisioned environments between servers that share them. Guarantees: the shares of a key over all living servers add
 * up to the wanted number as soon as each server knows the others; reports of dead servers do not count.
 */
export interface ProvisionShares {
  /** How many of the key's environments this server keeps. */
  shareOf(key: string, wanted: number): number
  /** Reports the state of this server to the others. */
  report(key: string, state: ProvisionState): Promise<void>
  /** The summed state of the other living servers. */
  othersOf(key: string): Promise<ProvisionState>
  /** Called when servers joined or left and the shares have changed. */
  onChange(listener: () => void): void
}

/** This server keeps all: no other can use its environments. */
export const wholeShares: ProvisionShares = {
  shareOf: (_key, wanted) => wanted,
  report: () => Promise.resolve(),
  othersOf: () => Promise.resolve({ initialised: 0, isFailed: false }),
  onChange: () => undefined,
}
