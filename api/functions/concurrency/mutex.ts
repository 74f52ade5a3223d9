/** Runs work one after the other, in the order it came; what one throws does not keep the next. */
export type RunExclusive = <Result>(work: () => Promise<Result>) => Promise<Result>

/** Turns of their own. */
export function createMutex(): RunExclusive {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work, work)
    last = turn.catch(() => undefined)
    return turn
  }
}
