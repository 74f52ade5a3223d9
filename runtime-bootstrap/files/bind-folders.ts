import { spawn } from 'node:child_process'
import type { Assignment } from '../protocol/protocol.ts'

const script = `
set -e
mount --bind "$1" /var/task && mount -o remount,ro,bind,nosuid,nodev /var/task
[ -z "$2" ] || { mount --bind "$2" /opt && mount -o remount,ro,bind,nosuid,nodev /opt; }
`

/** Binds code and layers, read-only, to AWS's paths. Needs a mount namespace of the supervisor's own. */
export function bindFolders({ codeFolder, layerFolder }: Assignment): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = ['-c', script, 'sh', codeFolder, layerFolder ?? '']
    const child = spawn('/bin/sh', args, { stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`Could not bind ${codeFolder} over /var/task: mount ended with ${String(code)}`))
    })
  })
}
