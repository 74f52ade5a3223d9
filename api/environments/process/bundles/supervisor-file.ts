import { createHash } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.ts'

const source = fileURLToPath(new URL('../../../../runtime-bootstrap/main.ts', import.meta.url))

/** Bundles the supervisor into one file below the data folder, named by its content, and answers the file. */
export async function buildSupervisor(dataFolder: string, entry: string = source): Promise<string> {
  const text = bundle(entry, 'node24')
  const folder = join(dataFolder, 'run', 'supervisor')
  const file = join(folder, `${createHash('sha256').update(text).digest('hex').slice(0, 16)}.cjs`)
  await mkdir(folder, { recursive: true })
  // Renamed into place, so that no other server ever starts half a file.
  const draft = `${file}.${String(process.pid)}`
  await writeFile(draft, text)
  await rename(draft, file)
  return file
}
