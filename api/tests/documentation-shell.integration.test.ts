import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { newDataFolder, startMain, type RunningServer } from '../testing/running-server.ts'
import { blocksOf, documentedAddress, missingPrograms, readerVariables, runBlocks } from '../testing/shell-blocks.ts'

/** Runs the shell blocks of pages in order, as a reader would, against a server started for them. */
const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

const missing = missingPrograms('aws', 'zip', 'curl')
const about = 'the shell blocks of the documentation'
const hasBoto3 = spawnSync('python3', ['-c', 'import boto3']).status === 0
const describeShell = missing.length === 0 ? describe : describe.skip

describeShell(missing.length === 0 ? about : `${about} (skipped: not on PATH: ${missing.join(', ')})`, () => {
  let server: RunningServer
  const data = newDataFolder()
  const work = mkdtempSync(join(tmpdir(), 'kubelambda-documentation-'))
  beforeAll(async () => {
    server = await startMain(data)
  })
  afterAll(async () => {
    await server.end('SIGTERM')
    for (const folder of [data, work]) rmSync(folder, { recursive: true, force: true })
  })

  test('those of the README create and invoke a function, which its snippets for SDKs invoke, too', async () => {
    await runBlocks('README.md', { address: server.address, folder: work })
    expect(readFileSync(join(work, 'out.json'), 'utf8')).toBe('{"hello":"you"}')
    // In a folder where the SDK is found.
    const file = join(root, 'node_modules/.cache', `documentation-${String(process.pid)}.mjs`)
    writeFileSync(file, snippetOf('js'))
    try {
      expect((await run(process.execPath, [file])).stdout).toBe('{"hello":"you"}\n')
    } finally {
      rmSync(file)
    }
    if (hasBoto3) expect((await run('python3', ['-c', snippetOf('python')])).stdout).toBe('{"hello":"you"}\n')
    await run('aws', ['lambda', 'delete-function', '--endpoint-url', server.address, '--function-name', 'hello'], {
      env: readerVariables(),
      cwd: work,
    })
  }, 240_000)

  test('those of getting started lead to a function with a URL', async () => {
    const output = await runBlocks('docs/getting-started.md', { address: server.address, folder: work })
    expect(readFileSync(join(work, 'out.json'), 'utf8')).toBe('')
    expect(output).toContain('{"hello":"you"}')
    expect(output).toContain('REPORT RequestId:')
    expect(output).toContain('{"goodbye":"you"}')
    // The function's response to a request, whose event has no name.
    expect(output).toMatch(/\{\}\s*$/)
  }, 300_000)

  function snippetOf(language: string): string {
    return (blocksOf('README.md', language)[0] ?? '').replaceAll(documentedAddress, server.address)
  }
})
