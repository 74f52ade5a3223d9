import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from '@jest/globals'
import { newDataFolder, startMain, zipOf } from '../testing/running-server.ts'
import { providerFolder, whyNoTerraform } from '../testing/terraform.ts'

const run = promisify(execFile)
const source = fileURLToPath(new URL('./terraform/', import.meta.url))
const minutes = (count: number): number => count * 60_000

const cleanups: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const clean of cleanups.reverse()) await clean()
})

const about = 'terraform, whose signatures are verified, applies, plans no changes, changes, changes back and destroys'
const when = whyNoTerraform === undefined ? test : test.skip
when(
  whyNoTerraform === undefined ? about : `${about} (skipped: ${whyNoTerraform})`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubelambda-terraform-'))
    const data = newDataFolder()
    // Those of main.tf.
    const credentials = join(folder, 'credentials.json')
    writeFileSync(credentials, '{"test":{"secret":"test"}}')
    const server = await startMain(data, { KUBELAMBDA_CREDENTIALS_FILE: credentials })
    cleanups.push(async () => {
      await server.end('SIGTERM')
      for (const each of [folder, data]) rmSync(each, { recursive: true, force: true })
    })
    for (const name of readdirSync(source)) cpSync(join(source, name), join(folder, name))
    writeFileSync(join(folder, 'function.zip'), await zipOf('index.js', 'exports.handler = async (event) => event'))

    const terraform = async (variables: Record<string, string>, ...words: string[]): Promise<number> => {
      const given = Object.entries(variables).map(([name, value]) => [`TF_VAR_${name}`, value] as const)
      const env = { PATH: process.env['PATH'] ?? '', HOME: folder, ...Object.fromEntries(given) }
      try {
        await run('terraform', [...words, '-no-color', '-input=false'], { cwd: folder, env })
        return 0
      } catch (failure) {
        const { code, stdout, stderr } = failure as { code: unknown; stdout: string; stderr: string }
        if (code === 2 && words.includes('-detailed-exitcode')) return 2
        throw new Error(`terraform ${words.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: failure })
      }
    }
    const first = { endpoint: server.address, step: '1' }
    const second = { endpoint: server.address, step: '2' }
    await terraform(first, 'init', `-plugin-dir=${providerFolder ?? ''}`)
    await terraform(first, 'apply', '-auto-approve')
    expect(await terraform(first, 'plan', '-detailed-exitcode')).toBe(0)
    expect(await terraform(second, 'plan', '-detailed-exitcode')).toBe(2)
    await terraform(second, 'apply', '-auto-approve')
    expect(await terraform(second, 'plan', '-detailed-exitcode')).toBe(0)
    await terraform(first, 'apply', '-auto-approve')
    expect(await terraform(first, 'plan', '-detailed-exitcode')).toBe(0)
    await terraform(first, 'destroy', '-auto-approve')
  },
  minutes(20),
)
