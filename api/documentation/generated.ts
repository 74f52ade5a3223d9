import { settingsTables } from './settings-tables.ts'
import { supportTable } from './support-table.ts'

/** A part of a page in docs/ that is made from the code. It stands between `<!-- name:start -->` and `<!-- name:end -->`. */
interface GeneratedPart {
  /** Relative to docs/. */
  readonly page: string
  readonly name: string
  /** Renders its Markdown. */
  readonly render: () => string
}

/** Everything in docs/ that `npm run docs` writes. */
export const generatedParts: readonly GeneratedPart[] = [
  { page: 'configuration.md', name: 'settings', render: settingsTables },
  { page: 'compatibility.md', name: 'support', render: supportTable },
]

/** The page with its generated part replaced. */
export function withPart(page: string, { name, render }: GeneratedPart): string {
  const [begin, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`The page has no ${begin} followed by ${end}.`)
  return `${page.slice(0, from + begin.length)}\n${render()}\n${page.slice(to)}`
}
