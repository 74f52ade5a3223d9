import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '../../api/environments/process/bundles/bundle.ts'
import { buildRuntimeClients } from '../../api/environments/process/bundles/runtime-clients.ts'
import { supervisorNodeFlags } from '../../runtime-bootstrap/protocol/node-flags.ts'

/** Assembles the files of the images: the supervisor, the program that copies it into pods of other images, and the runtime clients. */
const folder = process.argv[2]
if (folder === undefined) throw new Error('Usage: node k8s/images/assemble.ts FOLDER')
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

await mkdir(folder, { recursive: true })
await writeFile(join(folder, 'supervisor.cjs'), bundle(here('../../runtime-bootstrap/pod.ts'), 'node24'))
await writeFile(join(folder, 'install.cjs'), bundle(here('../../runtime-bootstrap/install.ts'), 'node24'))
await writeFile(join(folder, 'node-flags'), supervisorNodeFlags.join(' '))
await cp(await buildRuntimeClients(folder), join(folder, 'runtimes'), { recursive: true })
for (const script of ['start.sh', 'node-flags.sh']) await cp(here(script), join(folder, 'runtimes', script))
