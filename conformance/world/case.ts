import type { World } from './world.ts'

/** One fact about Lambda: the name says it as a sentence, `run` asks and throws when the answer differs. */
export interface Case {
  readonly name: string
  /** An interpreter that the endpoint must have; `--skip-runtimes` skips these cases. */
  readonly needs?: 'python' | 'ruby'
  /** Longest time the case may take; 60 s when absent. */
  readonly timeoutMs?: number
  readonly run: (world: World) => Promise<void>
}

export interface Area {
  readonly name: string
  readonly cases: readonly Case[]
}

/** Thrown by a case that cannot be asked of this endpoint. */
export class Skipped extends Error {}
