import { spawn } from 'node:child_process'
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A pipe for the output of successive runtimes. */
export interface OutputPipe {
  /** The write end; stays open here for the next runtime. */
  readonly writeEnd: number
}

/**
 * Opens a real pipe for stdout and stderr together. The sockets that `spawn` creates cannot be reopened as
 * `/dev/stderr`, which shell functions do, and two of them lose the order of lines.
 */
export async function openOutputPipe(
  onChunk: (chunk: Buffer) => void,
  command: readonly string[] = ['mkfifo'],
): Promise<OutputPipe> {
  for (let isFirst = true; ; isFirst = false) {
    const folder = mkdtempSync(join(tmpdir(), '.output-'))
    try {
      return await openIn(folder, onChunk, command)
    } catch (cause) {
      // A function whose `/tmp` has a size of its own has it mounted over this one, once: the folder is out of reach then.
      if (!isFirst || existsSync(folder)) throw cause
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

async function openIn(
  folder: string,
  onChunk: (chunk: Buffer) => void,
  command: readonly string[],
): Promise<OutputPipe> {
  const path = join(folder, 'pipe')
  await makePipe(command, path)
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writeEnd = openSync(path, constants.O_WRONLY)
  const reader = new Socket({ fd: readEnd, readable: true, writable: false })
  reader.on('data', onChunk)
  reader.on('error', () => closeSync(writeEnd))
  return { writeEnd }
}

function makePipe([file = '', ...args]: readonly string[], path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...args, '-m', '666', path], { stdio: 'ignore' })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) resolve()
      else
        reject(new Error(`mkfifo exited with ${String(code)}: the folder for temporary files must support named pipes`))
    })
  })
}
