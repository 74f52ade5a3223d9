import { Skipped, type Area, type Case } from './case/case.ts'
import type { Target } from './requests/target.ts'
import { CaseContext } from './case/case-context.ts'

export interface Outcome {
  readonly area: string
  readonly name: string
  readonly result: 'passed' | 'failed' | 'skipped'
  readonly durationMs: number
  /** Why it failed or was skipped. */
  readonly detail?: string
}

export interface RunOptions {
  readonly parallel: number
  readonly skipRuntimes: readonly string[]
  readonly onOutcome?: (outcome: Outcome) => void
}

const defaultTimeoutMs = 60_000

/** Runs every case, a few at a time, each with a context of its own whose functions are deleted afterwards. */
export async function runAreas(target: Target, areas: readonly Area[], options: RunOptions): Promise<Outcome[]> {
  const waiting = areas.flatMap((area) => area.cases.map((one, index) => ({ area: area.name, one, index })))
  const outcomes: Outcome[] = []
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const label = `${next.area.slice(0, 12)}-${String(next.index)}`
      const outcome = await runCase(new CaseContext(target, label), next.area, next.one, options.skipRuntimes)
      outcomes.push(outcome)
      options.onOutcome?.(outcome)
    }
  }
  await Promise.all(Array.from({ length: options.parallel }, worker))
  return outcomes
}

async function runCase(
  lambda: CaseContext,
  area: string,
  one: Case,
  skipRuntimes: readonly string[],
): Promise<Outcome> {
  if (one.needs && skipRuntimes.includes(one.needs)) {
    return { area, name: one.name, result: 'skipped', durationMs: 0, detail: `${one.needs} is skipped` }
  }
  const startedAt = performance.now()
  const outcome = await judge(lambda, one)
  await lambda.clean()
  return { area, name: one.name, durationMs: Math.round(performance.now() - startedAt), ...outcome }
}

async function judge(lambda: CaseContext, one: Case): Promise<Pick<Outcome, 'result' | 'detail'>> {
  try {
    await within(one.timeoutMs ?? defaultTimeoutMs, one.run(lambda))
    return { result: 'passed' }
  } catch (error) {
    if (error instanceof Skipped) return { result: 'skipped', detail: error.message }
    return { result: 'failed', detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
  }
}

async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished after ${String(timeoutMs / 1000)} s`)), timeoutMs)
  })
  try {
    await Promise.race([work, expired])
  } finally {
    clearTimeout(timer)
  }
}
