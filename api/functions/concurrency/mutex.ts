/** Runs calls one at a time, in the order of arrival. A call that fails does not block the next. */
export type RunExclusive = <Result>(work: () => Promise<Result>) => Promise<Result>

/** Creates an unlocked mutex. */
export function createMutex(): RunExclusive {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work, work)
    last = turn.catch(() => undefined)
    return turn
  }
}
