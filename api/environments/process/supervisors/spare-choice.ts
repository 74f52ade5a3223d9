import type { FoundRuntime } from '../../driver/found-runtime.ts'
import { nameOf } from '../runtimes/recent-runtimes.ts'
import type { SupervisorProcess } from './supervisor-process.ts'

/** A supervisor that was started in advance. */
export interface Spare {
  readonly supervisor: SupervisorProcess
  /** Name of its standby runtime; absent before any runtime was used. */
  readonly waiting?: string | undefined
}

/** The spare to start next: its standby runtime, if any. */
export interface Lack {
  readonly runtime?: FoundRuntime
}

/** Chooses the standby runtimes of spares: spreads spares evenly over the recently used runtimes, most recent first. */
export interface SpareChoice {
  /** Records a use of the runtime; returns whether that changes the order. */
  remember(runtime: FoundRuntime): boolean
  /** The recently used runtimes, most recent first. */
  recent(): readonly FoundRuntime[]
  /** The next spare to start when `wanted` are to be kept; undefined when none is missing. */
  lacking(ready: readonly Spare[], wanted: number): Lack | undefined
  /** The spare that another one may replace. */
  leastUseful(ready: readonly Spare[], wanted: number): Spare | undefined
  /** The best spare for the runtime: one with it on standby, else without any, else with the least recently used one. */
  best(ready: readonly Spare[], runtime: FoundRuntime): Spare | undefined
}

export function createSpareChoice(maxRuntimes: number): SpareChoice {
  /** Most recent first. */
  let recent: FoundRuntime[] = []

  /** The spares of each runtime that is kept for, the fewest first. */
  const groups = (ready: readonly Spare[], wanted: number) =>
    recent
      .slice(0, wanted)
      .map((runtime) => ({ runtime, spares: ready.filter(({ waiting }) => waiting === nameOf(runtime)) }))
      .toSorted((one, other) => one.spares.length - other.spares.length)

  return {
    remember(runtime) {
      // A runtime with its own bootstrap cannot be on standby.
      const [last] = recent
      if (runtime.client === undefined || (last !== undefined && nameOf(runtime) === nameOf(last))) return false
      const others = recent.filter((other) => nameOf(other) !== nameOf(runtime))
      recent = [runtime, ...others].slice(0, maxRuntimes)
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
      // A standby runtime that is no longer recent is worth as much as none.
      const rank = ({ waiting }: Spare): number => (order.includes(waiting) ? order.indexOf(waiting) : 1)
      return ready.toSorted((one, other) => rank(one) - rank(other))[0]
    },
  }
}
