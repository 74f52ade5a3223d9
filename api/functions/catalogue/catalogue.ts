import type { FunctionRecord, FunctionVersion } from '../function/function.ts'

/** A record as read, with the revision that a later save must name. */
export interface Stored<Value> {
  readonly value: Value
  /** Grows with each save; 0 means that there is no record. */
  readonly revision: number
}

export interface CatalogueChange {
  readonly record: FunctionRecord
  /** The revision the change was computed from; 0 to create. */
  readonly expectedRevision: number
  /** Versions that this save creates or changes. */
  readonly versions?: readonly FunctionVersion[]
  /** Numbers of versions that this save removes. */
  readonly removedVersions?: readonly string[]
}

/**
 * Stores functions. Every implementation passes `catalogue.contract.ts`: an acknowledged save or removal survives the death of
 * any process; it happens completely or not at all; of two saves computed from the same revision one returns false and changes
 * nothing; a read sees every save acknowledged before it.
 */
export interface Catalogue {
  find(name: string): Promise<Stored<FunctionRecord> | undefined>
  findVersion(name: string, version: string): Promise<FunctionVersion | undefined>
  /** Returns false if the record no longer has the expected revision. */
  save(change: CatalogueChange): Promise<boolean>
  /** Removes the function and all its versions. Returns false if the record no longer has the expected revision. */
  remove(name: string, expectedRevision: number): Promise<boolean>
  /** At most `limit` records, by name in byte order, after the given name. */
  list(page: { after?: string; limit: number }): Promise<FunctionRecord[]>
  /** The number of functions, and the sum of code bytes over all versions. */
  usage(): Promise<{ functionCount: number; codeBytes: number }>
  /** Names of the functions with an incomplete deployment, as `isDeploying` defines it. */
  underWay(): Promise<string[]>
  /** Names of functions with a version on the capacity provider, in byte order, after the given name, at most `limit`. */
  onCapacityProvider(provider: string, page: { after?: string; limit: number }): Promise<string[]>
}
