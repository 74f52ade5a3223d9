/** The value that a share of all samples does not exceed; `share` is between 0 and 1. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5)
}

/** Runs a step repeatedly and returns the duration of each run in milliseconds. */
export async function timeEach(count: number, step: () => Promise<unknown>): Promise<number[]> {
  const samples: number[] = []
  for (let run = 0; run < count; run++) samples.push(await timed(step))
  return samples
}

/** The duration of one step in milliseconds. */
export async function timed(step: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await step()
  return performance.now() - startedAt
}
