import type { FunctionRecord, FunctionVersion } from '../function/function.ts'

/** A record as read, with the revision that a later save must name. */
export interface Stored<Value> {
  readonly value: Value
  /** Grows with each save; 0 stands for "does not exist". */
  readonly revision: number
}

export interface CatalogueChange {
  readonly record: FunctionRecord
  /** The revision the change was computed from; 0 to create. */
  readonly expectedRevision: number
  /** Versions whose documents come into being or change with this save. */
  readonly versions?: readonly FunctionVersion[]
  /** Numbers of versions whose documents go with this save. */
  readonly removedVersions?: readonly string[]
}

/**
 * Where functions are kept. Promises that every implementation passes in `catalogue.contract.ts`:
 * a save or removal that was answered survives the death of any process; it happens whole or not at all; of two saves
 * computed from the same revision one answers false and changes nothing; a read sees every save answered before it.
 */
export interface Catalogue {
  find(name: string): Promise<Stored<FunctionRecord> | undefined>
  findVersion(name: string, version: string): Promise<FunctionVersion | undefined>
  /** False when the record's revision is no longer the expected one. */
  save(change: CatalogueChange): Promise<boolean>
  /** Removes the function and all its versions. False when the revision moved on. */
  remove(name: string, expectedRevision: number): Promise<boolean>
  /** Records by name in byte order, after the given name, at most `limit`. */
  list(page: { after?: string; limit: number }): Promise<FunctionRecord[]>
  /** Number of functions and the sum of code bytes over all versions. */
  usage(): Promise<{ functionCount: number; codeBytes: number }>
  /** Names of the functions of which something still has to be completed, as `isDeploying` says. */
  underWay(): Promise<string[]>
  /** Names of functions with a version on the capacity provider, in byte order, after the given name, at most `limit`. */
  onCapacityProvider(provider: string, page: { after?: string; limit: number }): Promise<string[]>
}
