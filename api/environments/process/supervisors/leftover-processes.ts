import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** Kills the processes whose environment has the given `NAME=value`. Does nothing where there is no `/proc`. */
export async function endProcessesWith(variable: string): Promise<void> {
  await endAll(async (folder) => (await readFile(`${folder}/environ`, 'latin1')).split('\0').includes(variable))
}

/** Kills the processes of this user, until none is left that could start another one. */
export async function endProcessesOf(uid: number): Promise<void> {
  const isOf = async (folder: string): Promise<boolean> => {
    const ids = /^Uid:\t(.*)$/m.exec(await readFile(`${folder}/status`, 'latin1'))?.[1] ?? ''
    return ids.split('\t').includes(String(uid))
  }
  for (let round = 0; round < maxRounds && (await endAll(isOf)) > 0; round++) await delay(roundMs)
}

const [maxRounds, roundMs] = [50, 2]

/** Kills the processes whose folder in `/proc` fulfils the condition; returns how many. */
async function endAll(isWanted: (folder: string) => Promise<boolean>): Promise<number> {
  const entries = await readdir('/proc').catch(() => [])
  const pids = entries.filter((entry) => /^\d+$/.test(entry))
  const ended = await Promise.all(pids.map((pid) => endIf(isWanted, pid)))
  return ended.filter(Boolean).length
}

async function endIf(isWanted: (folder: string) => Promise<boolean>, pid: string): Promise<boolean> {
  try {
    if (!(await isWanted(`/proc/${pid}`))) return false
    return process.kill(Number(pid), 'SIGKILL')
  } catch {
    // Another user's process, or one that ended meanwhile.
    return false
  }
}
