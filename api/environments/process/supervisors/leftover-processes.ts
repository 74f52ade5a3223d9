import { readdir, readFile } from 'node:fs/promises'

/** Kills the processes whose environment has the given `NAME=value`. Does nothing where there is no `/proc`. */
export async function endProcessesWith(variable: string): Promise<void> {
  const entries = await readdir('/proc').catch(() => [])
  const pids = entries.filter((entry) => /^\d+$/.test(entry))
  await Promise.all(pids.map((pid) => endIfItHas(variable, pid)))
}

async function endIfItHas(variable: string, pid: string): Promise<void> {
  try {
    const variables = await readFile(`/proc/${pid}/environ`, 'latin1')
    if (variables.split('\0').includes(variable)) process.kill(Number(pid), 'SIGKILL')
  } catch {
    // Another user's process, or one that ended meanwhile.
  }
}
