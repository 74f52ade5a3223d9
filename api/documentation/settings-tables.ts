import { sections, settingRows } from '../settings/table.ts'

/** Markdown: a table of settings for each section. */
export function settingsTables(): string {
  return sections.map((section) => `### ${section}\n\n${tableOf(section)}`).join('\n\n')
}

function tableOf(section: string): string {
  const rows = settingRows
    .filter(([, setting]) => setting.section === section)
    .map(
      ([name, { fallback, meaning }]) =>
        `| \`${name}\` | ${fallback === undefined ? '' : `\`${fallback}\` `}| ${meaning} |`,
    )
  return ['| setting | default | meaning |', '|---|---|---|', ...rows].join('\n')
}
