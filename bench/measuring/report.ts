import { readFile, writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'

/** One row of the report: a promise of the design and the measurement. */
export interface Finding {
  readonly promise: string
  readonly measured: string
  readonly target: string
  /** Absent for a figure without a target. */
  readonly isKept?: boolean
}

/** The row of a measurement that failed. */
export function notMeasured(promise: string, error: unknown): Finding {
  const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
  return { promise, measured: `failed: ${reason.replaceAll('|', '/')}`, target: '', isKept: false }
}

/** The findings as a Markdown table. */
export function renderTable(findings: readonly Finding[]): string {
  const rows = findings.map(({ promise, measured, target, isKept }) => [promise, measured, target, outcomeOf(isKept)])
  const lines = [['promise', 'measured', 'target', 'kept'], ['---', '---', '---', '---'], ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** The machine and the time of the run; `loadBefore` is the load average before the run began. */
export function renderCircumstances(mode: string, loadBefore: number): string {
  const day = new Date().toISOString().slice(0, 10)
  const cores = cpus().length
  const disturbed = loadBefore > cores / 2 ? ' Other work was running: the figures are disturbed.' : ''
  return [
    `Measured ${day} by \`npm run bench${mode}\` on ${cores} cores with Node.js ${process.version},`,
    `load average ${loadBefore.toFixed(1)} before the run.${disturbed} Client, server and functions share the machine,`,
    'and each ratio is of medians taken in alternating rounds of one run.',
  ].join('\n')
}

/** The load average of the last minute. */
export function currentLoad(): number {
  return loadavg()[0] ?? 0
}

/** Replaces the text between the markers of this name in a file; false when the file has none. */
export async function writeBetweenMarkers(file: URL, text: string, name: string): Promise<boolean> {
  const [begin, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`]
  const content = await readFile(file, 'utf8').catch(() => '')
  const from = content.indexOf(begin)
  const to = content.indexOf(end)
  if (from < 0 || to < from) return false
  await writeFile(file, `${content.slice(0, from + begin.length)}\n${text}\n${content.slice(to)}`)
  return true
}

/** Formats milliseconds with three significant digits: `1.23 ms`. */
export function milliseconds(value: number): string {
  return `${value.toPrecision(3)} ms`
}

function outcomeOf(isKept: boolean | undefined): string {
  if (isKept === undefined) return ''
  return isKept ? 'yes' : '**no**'
}
