/** Compares a Lambda endpoint with AWS and prints the differences. Exits with 1 when there are any. */
import { writeFile } from 'node:fs/promises'
import { areas } from './areas.ts'
import { readOptions, usage, type Options } from './options.ts'
import { reportText } from './report.ts'
import { runAreas, type Outcome } from './runner.ts'
import { connect } from './requests/target.ts'

try {
  process.exitCode = await run(readOptions(process.argv.slice(2)))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`)
  process.exitCode = 2
}

async function run(options: Options): Promise<number> {
  const target = await connect(options)
  process.stdout.write(`${target.endpoint.href}, account ${target.accountId}, functions ${target.prefix}-*\n\n`)
  const outcomes = await runAreas(target, chosen(options), { ...options, onOutcome: printDot })
  process.stdout.write(`\n\n${reportText(outcomes)}`)
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(outcomes, null, 2)}\n`)
  return outcomes.some(({ result }) => result === 'failed') ? 1 : 0
}

function chosen({ only, match }: Options): typeof areas {
  const unknown = only.filter((name) => !areas.some((area) => area.name === name))
  if (unknown.length > 0)
    throw new Error(`no area ${unknown.join(', ')}; areas: ${areas.map(({ name }) => name).join(', ')}`)
  return areas
    .filter(({ name }) => only.length === 0 || only.includes(name))
    .map((area) => ({ ...area, cases: area.cases.filter(({ name }) => match === undefined || name.includes(match)) }))
}

function printDot({ result }: Outcome): void {
  process.stdout.write({ passed: '.', failed: 'F', skipped: '-' }[result])
}
