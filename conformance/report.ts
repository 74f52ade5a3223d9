import type { Outcome } from './runner.ts'

const results = ['passed', 'failed', 'skipped'] as const

/** Properties of a Lambda service that requests to an address cannot show. */
const unknowable = [
  'whether acknowledged events and mappings survive the end of a server or of its store',
  'whether functions are isolated from each other, from the server and from its host',
  'whether event sources are polled: no queue, stream or topic is created',
  'whether roles, KMS keys, VPCs, file systems and registries are used: only their names are sent',
  'quotas whose check would need thousands of requests, and state that AWS reaches after hours',
  'billing, and metrics, logs and traces beyond the log tail of an invocation',
  'how fast it is, alone and under load: see bench/',
]

/** The failures in full, a table by area, the reasons for skipped cases, what is not asked, and one line with the totals. */
export function reportText(outcomes: readonly Outcome[]): string {
  return [
    ...failureLines(outcomes),
    ...tableLines(outcomes),
    ...skippedLines(outcomes),
    '',
    'Not asked, since an address cannot show it:',
    ...unknowable.map((property) => `- ${property}`),
    '',
    totalsLine(outcomes),
    '',
  ].join('\n')
}

/** The reasons why cases were skipped, each with the number of its cases. */
function skippedLines(outcomes: readonly Outcome[]): string[] {
  const reasons = new Map<string, number>()
  for (const { result, detail = 'no reason given' } of outcomes) {
    if (result === 'skipped') reasons.set(detail, (reasons.get(detail) ?? 0) + 1)
  }
  if (reasons.size === 0) return []
  return ['', 'Skipped:', ...[...reasons].map(([reason, cases]) => `- ${reason} (${String(cases)})`)]
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
