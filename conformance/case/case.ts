import type { CaseContext } from './case-context.ts'

/** One fact about Lambda: the name states it as a sentence, `run` checks it and throws when the endpoint differs. */
export interface Case {
  readonly name: string
  /** An interpreter that the endpoint must have; `--skip-runtimes` skips these cases. */
  readonly needs?: 'python' | 'ruby'
  /** Timeout of the case in milliseconds; 60 s when absent. */
  readonly timeoutMs?: number
  readonly run: (lambda: CaseContext) => Promise<void>
}

export interface Area {
  readonly name: string
  readonly cases: readonly Case[]
}

/** Thrown by a case that cannot be asked of this endpoint. */
export class Skipped extends Error {}
