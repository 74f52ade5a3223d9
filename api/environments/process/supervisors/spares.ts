import type { FoundRuntime } from '../../driver/found-runtime.ts'
import { nameOf } from '../runtimes/recent-runtimes.ts'
import { createSpareChoice, type Spare } from './spare-choice.ts'
import { SupervisorEnded, type CodeFolders, type Shown, type SupervisorProcess } from './supervisor-process.ts'

/** After this long without a launch the spares are refilled: starting them would slow down the launch they follow. */
const quietMs = 100
/** A burst doubles the number of spares, up to this. */
const maxSpares = 4
/** After this long without a launch that found no spare the burst is over. */
const calmMs = 60_000

/** Supervisors that were started before their use, with standby runtimes, and all others that still run. */
export class Spares {
  readonly #count: number
  readonly #start: (runtime?: FoundRuntime) => SupervisorProcess
  readonly #onRecent: (runtimes: readonly FoundRuntime[]) => void
  readonly #choice = createSpareChoice(maxSpares)
  readonly #ready: Spare[] = []
  readonly #running = new Set<SupervisorProcess>()
  #wanted: number
  #isClosed = false
  #refiller: NodeJS.Timeout | undefined
  #calmer: NodeJS.Timeout | undefined

  /** Keeps `count` supervisors ready, more for a while after a burst, for the recently used runtimes, of which `onRecent` is notified. */
  constructor(
    count: number,
    start: (runtime?: FoundRuntime) => SupervisorProcess,
    onRecent: (runtimes: readonly FoundRuntime[]) => void = () => undefined,
  ) {
    this.#count = count
    this.#start = start
    this.#onRecent = onRecent
    this.#wanted = count
    this.#refill()
  }

  /** Functions of this runtime are about to be launched: keep it ready in spares. */
  expect(runtime: FoundRuntime): void {
    this.#remember(runtime)
    this.#refillLater()
  }

  /** A running supervisor, preferably with this runtime on standby; started now if none is ready. */
  take(runtime: FoundRuntime): SupervisorProcess {
    if (this.#isClosed) throw new Error('The driver is closed')
    this.#remember(runtime)
    const alive = this.#ready.filter(({ supervisor }) => supervisor.isRunning())
    const spare = this.#choice.best(alive, runtime)
    if (spare !== undefined) this.#remove(spare.supervisor)
    else if (this.#count > 0) this.#keepMore()
    this.#refillLater()
    return spare?.supervisor ?? this.#begin()
  }

  /** A supervisor that shows this code: one that ended while it waited is replaced by a fresh one. */
  async show(runtime: FoundRuntime, code: CodeFolders): Promise<{ supervisor: SupervisorProcess; shown: Shown }> {
    try {
      return await showIn(this.take(runtime), code)
    } catch (error) {
      if (!(error instanceof SupervisorEnded) || this.#isClosed) throw error
      return showIn(this.#begin(), code)
    }
  }

  /** Ends all supervisors, taken or not, and resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#refiller)
    clearTimeout(this.#calmer)
    const all = [...this.#running]
    for (const supervisor of all) supervisor.kill()
    await Promise.all(all.map((supervisor) => supervisor.exited))
  }

  #remember(runtime: FoundRuntime): void {
    if (this.#choice.remember(runtime)) this.#onRecent(this.#choice.recent())
  }

  #keepMore(): void {
    this.#wanted = Math.min(maxSpares, Math.max(this.#wanted, this.#count * 2))
    clearTimeout(this.#calmer)
    this.#calmer = setTimeout(() => this.#keepFewer(), calmMs).unref()
  }

  #keepFewer(): void {
    this.#wanted = this.#count
    while (this.#ready.length > this.#wanted) {
      const extra = this.#choice.leastUseful(this.#ready, this.#wanted)
      if (extra === undefined) return
      this.#end(extra)
    }
  }

  #begin(runtime?: FoundRuntime): SupervisorProcess {
    const supervisor = this.#start(runtime)
    this.#running.add(supervisor)
    void supervisor.exited.then(() => {
      this.#running.delete(supervisor)
      this.#remove(supervisor)
    })
    return supervisor
  }

  #refill(): void {
    const lack = this.#isClosed ? undefined : this.#choice.lacking(this.#ready, this.#wanted)
    if (lack === undefined) return
    const isFull = this.#ready.length >= this.#wanted
    const replaced = isFull ? this.#choice.leastUseful(this.#ready, this.#wanted) : undefined
    try {
      this.#ready.push({ supervisor: this.#begin(lack.runtime), waiting: lack.runtime && nameOf(lack.runtime) })
    } catch {
      // The machine cannot start a process now; the next launch tries again and reports the error.
      return
    }
    if (replaced !== undefined) this.#end(replaced)
    // One at a time, so that a launch in between finds the processor free.
    this.#refillLater()
  }

  #refillLater(): void {
    clearTimeout(this.#refiller)
    if (!this.#isClosed) this.#refiller = setTimeout(() => this.#refill(), quietMs).unref()
  }

  #end({ supervisor }: Spare): void {
    this.#remove(supervisor)
    supervisor.kill()
  }

  #remove(supervisor: SupervisorProcess): void {
    const index = this.#ready.findIndex((spare) => spare.supervisor === supervisor)
    if (index >= 0) this.#ready.splice(index, 1)
  }
}

async function showIn(supervisor: SupervisorProcess, code: CodeFolders) {
  try {
    return { supervisor, shown: await supervisor.show(code) }
  } catch (error) {
    supervisor.kill()
    throw error
  }
}
