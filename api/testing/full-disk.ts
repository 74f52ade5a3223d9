import { execFileSync } from 'node:child_process'

/** Whether this machine can limit the files of another process (util-linux, Linux). */
export function canFillDisk(): boolean {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' })
    return process.platform === 'linux'
  } catch {
    return false
  }
}

/** From now on every write of the process to a file fails, as on a disk without room; pipes and sockets go on. */
export function fillDisk(pid: number | undefined): void {
  limitFiles(pid, '0:')
}

/** There is room again. */
export function emptyDisk(pid: number | undefined): void {
  limitFiles(pid, 'unlimited:')
}

function limitFiles(pid: number | undefined, limit: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${limit}`])
}
