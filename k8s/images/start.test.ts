import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from '@jest/globals'
import { nodeFlags } from '../../api/environments/process/runtimes/start-command.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const script = here('start.sh')
const folder = mkdtempSync(join(tmpdir(), 'start-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, mode: number): string {
  writeFileSync(join(folder, name), '#!/bin/sh\nexport WRAPPED="$*"\nexec "$@"\n', { mode })
  return join(folder, name)
}

/** How a runtime that tells what its wrapper saw is started. */
function start(wrapper: string) {
  const bootstrap = `set -- sh -c 'echo "wrapped: $WRAPPED"' 'the runtime'\n. '${script}'\n`
  const { status, stdout } = spawnSync('sh', ['-c', bootstrap], {
    env: { PATH: process.env['PATH'], AWS_LAMBDA_EXEC_WRAPPER: wrapper },
  })
  return [status, stdout.toString()]
}

test.each(['128', '1769', '10240'])("images start Node.js with the flags of AWS's for %s MB", (memoryMb) => {
  const env = { PATH: process.env['PATH'], AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memoryMb }
  const { stdout } = spawnSync('sh', ['-c', `. '${here('node-flags.sh')}'; echo $flags`], { env })
  expect(stdout.toString().trim().split(' ')).toEqual(nodeFlags(Number(memoryMb)))
})

test('the bootstrap of our images puts a wrapper script in front of the interpreter', () => {
  expect(start('')).toEqual([0, 'wrapped: \n'])
  expect(start(file('wrap', 0o755))).toEqual([0, `wrapped: sh -c echo "wrapped: $WRAPPED" the runtime\n`])
})

test("the bootstrap of our images exits as AWS's if the wrapper script is missing or not executable", () => {
  expect(start(join(folder, 'nothing'))).toEqual([127, `${folder}/nothing: does not exist\n`])
  const closed = file('closed', 0o644)
  expect(start(closed)).toEqual([126, `${closed}: is not an executable\n`])
})
