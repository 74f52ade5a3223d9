import { chmod, cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.ts'

const source = fileURLToPath(new URL('../../../../runtime-bootstrap/runtimes', import.meta.url))
/** The oldest Node.js that functions may run on. */
const oldestNode = 'node16'
/** Loaded by threads of Node.js itself. */
const nodeHooks = join('nodejs', 'node-path-hooks.mjs')

/** Puts the runtime clients where functions of any user can read them, Node's bundled: loading its modules one by one takes
 *  half as long as Node.js itself needs to start. Answers the folder. */
export async function buildRuntimeClients(dataFolder: string): Promise<string> {
  const folder = join(dataFolder, 'run', 'runtimes')
  await cp(source, folder, { recursive: true, filter: (path) => !path.endsWith('.mjs') || path.endsWith(nodeHooks) })
  await mkdir(join(folder, 'nodejs'), { recursive: true })
  await writeFile(join(folder, 'nodejs', 'index.cjs'), bundle(join(source, 'nodejs', 'index.mjs'), oldestNode))
  await openFolders(folder)
  return folder
}

async function openFolders(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await openFolders(join(folder, entry.name))
}
