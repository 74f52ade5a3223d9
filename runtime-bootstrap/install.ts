import { chmodSync, cpSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Copies the supervisor with its Node.js and libraries into a folder that the pod shares with a function's own image. Runs as
 * an init container.
 */
const target = process.argv[2] ?? ''
const source = dirname(process.argv[1] ?? '')
cpSync(source, target, {
  recursive: true,
  filter: (path) => !path.startsWith(`${source}/runtimes`) && !path.endsWith('/ld.so'),
})
cpSync(`${source}/ld.copy`, `${target}/ld.so`)
// Not readable: the kernel then hides the memory and variables of the programs it starts from other processes.
chmodSync(`${target}/ld.so`, 0o111)
