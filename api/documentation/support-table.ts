import { support, type Support } from '../routes/support/support.ts'

/** Markdown: the operations that are implemented, those with the same text in one row, then the names of the others. */
export function supportTable(): string {
  const names = Object.keys(support).sort() as (keyof typeof support)[]
  const quoted = (group: readonly string[]) => group.map((name) => `\`${name}\``).join(', ')
  const notBuilt = names.filter((name) => support[name] === 'no')
  const groups = new Map<Support, string[]>()
  for (const name of names) {
    const value = support[name]
    if (value !== 'no') groups.set(value, [...(groups.get(value) ?? []), name])
  }
  const rows = Array.from(groups, ([value, group]) => `| ${quoted(group)} | ${cells(value)} |`)
  const table = ['| operation | supported | differences |', '|---|---|---|', ...rows].join('\n')
  return notBuilt.length === 0 ? table : `${table}\n\nNot implemented: ${quoted(notBuilt)}.`
}

function cells(value: Support): string {
  const colon = value.indexOf(': ')
  return colon < 0 ? `${value} | ` : `${value.slice(0, colon)} | ${value.slice(colon + 2)}`
}
