import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('jackson-answers.txt', import.meta.url)
const place =
  /\n at \[Source: REDACTED \(`StreamReadFeature\.INCLUDE_SOURCE_IN_LOCATION` disabled\); line: (\d+), column: (\d+)\]$/

/** What Jackson said of an input; nothing for JSON. */
export interface RecordedAnswer {
  readonly input: Buffer
  readonly answer: string
}

/** Reads the recorded answers: a line each, the bytes as a JSON string, a tab, and the message with `@line:column` for its place. */
export function readAnswers(): RecordedAnswer[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines
    .map((line) => {
      const [input = '', answer = ''] = line.split('\t')
      return { input: Buffer.from(JSON.parse(input) as string, 'latin1'), answer: JSON.parse(answer) as string }
    })
    .map(({ input, answer }) => ({ input, answer: whole(answer) }))
}

/** Records answers in place of those before. */
export function writeAnswers(answers: readonly RecordedAnswer[]): void {
  const lines = answers.map(({ input, answer }) => `${ascii(input.toString('latin1'))}\t${ascii(short(answer))}\n`)
  writeFileSync(file, lines.join(''))
}

/** A few answers of each kind, so that the table stays small. */
export function representative(answers: readonly RecordedAnswer[], ofEach: number): RecordedAnswer[] {
  const kinds = Map.groupBy(answers, ({ answer }) => answer.replaceAll(/'[^']*'|0x[0-9a-f]+|\d+/g, ''))
  return Array.from(kinds.values(), (same) =>
    same.toSorted((one, other) => one.input.length - other.input.length),
  ).flatMap((same) => same.filter((_, index) => index % Math.ceil(same.length / ofEach) === 0))
}

function short(answer: string): string {
  return answer.replace(place, ' @$1:$2')
}

function whole(text: string): string {
  const source = 'Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)'
  return text.replace(/ @(\d+):(\d+)$/, (_, line, column) => `\n at [${source}; line: ${line}, column: ${column}]`)
}

function ascii(text: string): string {
  return JSON.stringify(text).replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
