import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Source } from '../measuring/functions.ts'

/** Starts an interpreter on a handler with nothing in between. */
export interface BareStart {
  /** Resolves when the handler's answer to the event is there. */
  run(event: string): Promise<void>
  remove(): Promise<void>
}

const callers: Record<string, { readonly file: string; readonly code: string; readonly interpreter: string }> = {
  'index.js': {
    file: 'start.js',
    interpreter: process.execPath,
    code: "require('./index.js').handler(JSON.parse(process.argv[2])).then((answer) => process.stdout.write(JSON.stringify(answer)))\n",
  },
  'index.py': {
    file: 'start.py',
    interpreter: 'python3',
    code: 'import json, sys, index\nprint(json.dumps(index.handler(json.loads(sys.argv[1]), None)), flush=True)\n',
  },
}

/** Writes the handler and a caller of it to a folder; `executable` is the interpreter that the server uses. */
export async function prepareBareStart(source: Source, executable: string): Promise<BareStart> {
  const caller = callers[source.file]
  if (caller === undefined) throw new Error(`No bare start for ${source.file}`)
  const folder = await mkdtemp(join(tmpdir(), 'kubelambda-bare-'))
  await writeFile(join(folder, source.file), source.code)
  await writeFile(join(folder, caller.file), caller.code)
  const interpreter = existsSync(executable) ? executable : caller.interpreter
  return {
    run: async (event) => {
      const child = spawn(interpreter, [caller.file, event], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
      const exited = once(child, 'exit')
      const answered = once(child.stdout, 'data')
      await Promise.race([answered, exited.then(() => Promise.reject(new Error(`${interpreter} gave no answer`)))])
      exited.catch(() => undefined)
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
