import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ListFunctionsCommand, ListLayersCommand } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { newDataFolder, startMain, type RunningServer } from '../testing/running-server.ts'
import { missingPrograms, runBlocks } from '../testing/shell-blocks.ts'
import { providerFolder, whyNoTerraform } from '../testing/terraform.ts'

/** Runs the shell blocks of every example's README, in a copy of the folder. The walk-through of Kubernetes has its test in k8s/tests/. */
const examples = fileURLToPath(new URL('../../examples/', import.meta.url))

/** What each example needs besides the AWS CLI, and what its commands print in the end. */
const cases: readonly [name: string, programs: readonly string[], printed: readonly (string | RegExp)[]][] = [
  ['nodejs', ['base64'], [/INFO\srequest \S+ greets Ada\n/, 'REPORT RequestId:', '{"message":"Welcome, Ada!"}']],
  ['python', ['python3'], ['{"mean": 3.0}', '"FunctionError": "Unhandled"', '"errorMessage": "numbers is empty"']],
  ['custom-runtime', ['sh'], ['"HELLO FROM A SHELL"']],
  ['layer', ['python3'], ['"Bonjour, Ada!"']],
  ['streaming', [], ['\n3\n2\n1\ngo\n']],
]

let server: RunningServer
const data = newDataFolder()
const work = mkdtempSync(join(tmpdir(), 'kubelambda-examples-'))
beforeAll(async () => {
  cpSync(examples, join(work, 'examples'), { recursive: true })
  server = await startMain(data)
})
afterAll(async () => {
  await server.end('SIGTERM')
  for (const folder of [data, work]) rmSync(folder, { recursive: true, force: true })
})

const run = (name: string, variables: Record<string, string> = {}): Promise<string> =>
  runBlocks(`examples/${name}/README.md`, { address: server.address, folder: work, variables })

async function leftBehind(): Promise<unknown[]> {
  const { Functions = [] } = await server.client.send(new ListFunctionsCommand({}))
  const { Layers = [] } = await server.client.send(new ListLayersCommand({}))
  return [...Functions, ...Layers]
}

test('every example is run by a test', () => {
  const folders = readdirSync(examples, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const tested = [...cases.map(([name]) => name), 'terraform', 'kubernetes']
  expect(folders.map(({ name }) => name).toSorted()).toEqual(tested.toSorted())
})

describe.each(cases)('the example %s', (name, programs, printed) => {
  const missing = missingPrograms('aws', 'zip', 'curl', ...programs)
  const about = 'runs as its README says, and leaves nothing behind'
  const when = missing.length === 0 ? test : test.skip
  when(
    missing.length === 0 ? about : `${about} (skipped: not on PATH: ${missing.join(', ')})`,
    async () => {
      const output = await run(name)
      for (const text of printed) expect(output).toMatch(text)
      expect(await leftBehind()).toEqual([])
    },
    240_000,
  )
})

describe('the example terraform', () => {
  const about = 'applies, is called at its URL, and is destroyed'
  const absent = missingPrograms('zip', 'curl')
  const missing = absent.length === 0 ? whyNoTerraform : `not on PATH: ${absent.join(', ')}`
  const when = missing === undefined ? test : test.skip
  when(
    missing === undefined ? about : `${about} (skipped: ${missing})`,
    async () => {
      const output = await run('terraform', {
        TF_VAR_endpoint: server.address,
        TF_CLI_ARGS_init: `-plugin-dir=${providerFolder ?? ''}`,
        TF_CLI_ARGS: '-no-color',
      })
      expect(output).toContain('{"message":"GET /hello was received"}')
      expect(output).toContain('Destroy complete!')
      expect(await leftBehind()).toEqual([])
    },
    20 * 60_000,
  )
})
