/** What is kept of functions that were deleted. */
export interface DeletedFunctions {
  /** Discards the events of an earlier function of this name; called before a new one is saved. */
  discard(name: string): Promise<void>
  /** Discards the events of a function that was just removed. Never rejects. */
  discardAfterRemoval(name: string): Promise<void>
}
