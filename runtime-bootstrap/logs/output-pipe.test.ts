import { expect, test } from '@jest/globals'
import { closeSync, mkdtempSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openOutputPipe } from './output-pipe.ts'

test('a pipe opens although its folder is unreachable once, as when another /tmp is mounted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubelambda-pipe-'))
  const mark = join(folder, 'first')
  writeFileSync(mark, '')
  try {
    // Arguments: -m, mode, path.
    const script = `if [ -f ${mark} ]; then rm -r ${mark} "\${3%/*}"; else mkfifo "$@"; fi`
    const heard = Promise.withResolvers<string>()
    const { writeEnd } = await openOutputPipe(
      (chunk) => heard.resolve(chunk.toString()),
      ['sh', '-c', script, 'mkfifo'],
    )
    writeSync(writeEnd, 'hello')
    expect(await heard.promise).toBe('hello')
    closeSync(writeEnd)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a pipe that cannot be created is an error', async () => {
  await expect(openOutputPipe(() => undefined, ['false'])).rejects.toThrow('mkfifo exited with 1')
})
