import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const path = process.env['PATH'] ?? ''

/** The address of the server in every page. */
export const documentedAddress = 'http://127.0.0.1:9000'

/** Where the blocks of a page run, and against which server. */
export interface BlockRun {
  readonly address: string
  readonly folder: string
  /** Further variables of the shell. */
  readonly variables?: Readonly<Record<string, string>>
  /** Further texts of the page and what the test has instead. */
  readonly replacements?: Readonly<Record<string, string>>
}

/** Runs the shell blocks of a page in order in one shell, as a reader would, and returns what they print. */
export async function runBlocks(page: string, options: BlockRun): Promise<string> {
  const { address, folder, variables = {}, replacements = {} } = options
  const texts = Object.entries({ [documentedAddress]: address, ...replacements })
  const script = texts.reduce((text, [from, to]) => text.replaceAll(from, to), blocksOf(page, 'sh').join('\n'))
  // A command in the background would keep the output open.
  const withEnd = `trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${script}`
  const env = { ...readerVariables(), ...variables }
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', withEnd], { cwd: folder, env })
  return stdout
}

/** Variables of a shell in which the machine's own settings of AWS's tools have no part. */
export function readerVariables(): Record<string, string> {
  const none = {
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const keys = { AWS_DEFAULT_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
  return { PATH: path, HOME: process.env['HOME'] ?? '/', AWS_PAGER: '', ...none, ...keys }
}

/** Blocks whose info string is the language alone; those with a further word need what a test does not have. */
export function blocksOf(page: string, language: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  return Array.from(text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm')), ([, block = '']) => block)
}

/** Which of the programs are not on PATH. */
export function missingPrograms(...programs: readonly string[]): string[] {
  return programs.filter((program) => !path.split(':').some((folder) => existsSync(join(folder, program))))
}
