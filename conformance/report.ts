import type { Outcome } from './runner.ts'

const results = ['passed', 'failed', 'skipped'] as const

/** The failures in full, then a table by area, then one line with the totals. */
export function reportText(outcomes: readonly Outcome[]): string {
  return [...failureLines(outcomes), ...tableLines(outcomes), '', totalsLine(outcomes), ''].join('\n')
}

function failureLines(outcomes: readonly Outcome[]): string[] {
  return outcomes
    .filter(({ result }) => result === 'failed')
    .flatMap(({ area, name, detail }) => [`FAILED ${area}: ${name}`, indent(detail ?? ''), ''])
}

function tableLines(outcomes: readonly Outcome[]): string[] {
  const areas = [...new Set(outcomes.map(({ area }) => area))].sort()
  const width = Math.max(4, ...areas.map(({ length }) => length))
  const rows = areas.map((area) => {
    const own = outcomes.filter((outcome) => outcome.area === area)
    return area.padEnd(width) + results.map((result) => String(count(own, result)).padStart(9)).join('')
  })
  return ['area'.padEnd(width) + results.map((result) => result.padStart(9)).join(''), ...rows]
}

function totalsLine(outcomes: readonly Outcome[]): string {
  return results.map((result) => `${String(count(outcomes, result))} ${result}`).join(', ')
}

function count(outcomes: readonly Outcome[], result: Outcome['result']): number {
  return outcomes.filter((outcome) => outcome.result === result).length
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ')
}
