import type { FoundRuntime } from '../../driver/found-runtime.ts'
import { nameOf } from '../runtimes/recent-runtimes.ts'
import type { SupervisorProcess } from './supervisor-process.ts'

/** A supervisor that was started ahead. */
export interface Spare {
  readonly supervisor: SupervisorProcess
  /** Name of the runtime that waits in it; absent before anybody wanted one. */
  readonly waiting?: string | undefined
}

/** What a spare is to be started for: the runtime that is to wait in it, if any. */
export interface Lack {
  readonly runtime?: FoundRuntime
}

/** Decides which runtimes wait in spares, by which were wanted last: each of these in as many as the others, the last one first. */
export interface SpareChoice {
  /** Somebody wants the runtime now; answers whether that changes anything. */
  remember(runtime: FoundRuntime): boolean
  /** The runtimes that were wanted last, the last one first. */
  recent(): readonly FoundRuntime[]
  /** What the next spare is for, if there shall be so many; undefined when nothing lacks. */
  lacking(ready: readonly Spare[], wanted: number): Lack | undefined
  /** The spare that another one may replace. */
  leastUseful(ready: readonly Spare[], wanted: number): Spare | undefined
  /** The best spare for the runtime: one where it waits, else where nothing does, else where one does that was not wanted for long. */
  best(ready: readonly Spare[], runtime: FoundRuntime): Spare | undefined
}

export function createSpareChoice(mostRuntimes: number): SpareChoice {
  /** By when they were wanted, the last one first. */
  let recent: FoundRuntime[] = []

  /** The spares of each runtime that is kept for, the fewest first. */
  const groups = (ready: readonly Spare[], wanted: number) =>
    recent
      .slice(0, wanted)
      .map((runtime) => ({ runtime, spares: ready.filter(({ waiting }) => waiting === nameOf(runtime)) }))
      .toSorted((one, other) => one.spares.length - other.spares.length)

  return {
    remember(runtime) {
      // What brings its own bootstrap has nothing that could wait.
      const [last] = recent
      if (runtime.client === undefined || (last !== undefined && nameOf(runtime) === nameOf(last))) return false
      const others = recent.filter((other) => nameOf(other) !== nameOf(runtime))
      recent = [runtime, ...others].slice(0, mostRuntimes)
      return true
    },
    recent: () => recent,
    lacking(ready, wanted) {
      const all = groups(ready, wanted)
      const [fewest] = all
      if (fewest === undefined) return ready.length < wanted ? {} : undefined
      const useful = all.flatMap(({ spares }) => spares).length
      return useful < wanted || fewest.spares.length === 0 ? { runtime: fewest.runtime } : undefined
    },
    leastUseful(ready, wanted) {
      const useful = groups(ready, wanted).flatMap(({ spares }) => spares)
      return ready.find((spare) => !useful.includes(spare)) ?? useful.at(-1)
    },
    best(ready, runtime) {
      const name = nameOf(runtime)
      const others = recent.map(nameOf).filter((other) => other !== name)
      const order = [name, undefined, ...others.toReversed()]
      // What waits for nobody is worth as much as nothing.
      const rank = ({ waiting }: Spare): number => (order.includes(waiting) ? order.indexOf(waiting) : 1)
      return ready.toSorted((one, other) => rank(one) - rank(other))[0]
    },
  }
}
