import { parseArgs } from 'node:util'

export interface Options {
  readonly endpoint: string | undefined
  readonly region: string
  readonly role: string | undefined
  readonly only: readonly string[]
  readonly match: string | undefined
  readonly skipRuntimes: readonly string[]
  readonly parallel: number
  readonly json: string | undefined
}

/** The command line options of the suite. */
export const usage = `npm run conformance -- --endpoint URL [options]
  --endpoint URL            a Lambda endpoint; without it AWS itself, which needs --role
  --role ARN                the execution role of the functions that are created
  --region REGION           us-east-1 when absent
  --only AREA[,AREA]        these areas only
  --match TEXT              only cases whose name contains the text
  --skip-runtimes LIST      python, ruby
  --parallel N              cases at a time, 4 when absent
  --json FILE               writes every outcome as JSON`

/** Reads the command line. */
export function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      endpoint: text,
      region: text,
      role: text,
      only: text,
      match: text,
      'skip-runtimes': text,
      parallel: text,
      json: text,
    },
  })
  return {
    endpoint: values.endpoint,
    region: values.region ?? process.env['AWS_REGION'] ?? 'us-east-1',
    role: values.role,
    only: list(values.only),
    match: values.match,
    skipRuntimes: list(values['skip-runtimes']),
    parallel: Number(values.parallel ?? 4),
    json: values.json,
  }
}

function list(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(',').map((item) => item.trim())
}
