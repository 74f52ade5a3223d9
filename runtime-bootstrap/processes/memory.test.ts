import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
import { exceeds, usageOf } from './memory.ts'

const [folder, started]: [string, ChildProcess[]] = [mkdtempSync(join(tmpdir(), 'memory-')), []]
afterEach(() => {
  for (const { pid } of started.splice(0)) process.kill(-pid!, 'SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A program in Python that does this and then stays. */
async function start(program: string): Promise<number> {
  const text = `import mmap, os, time\n${program}\nprint('done', flush=True)\ntime.sleep(1000)`
  const child = spawn('python3', ['-c', text], { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  started.push(child)
  await once(child.stdout, 'data')
  return child.pid!
}

const mb = 1024
const hasPython = process.platform === 'linux' && spawnSync('python3', ['-c', '']).status === 0
const describeHere = hasPython ? describe : describe.skip

describeHere('the memory of processes, on Linux with python3', () => {
  test('counts pages shared by forked children once', async () => {
    const pid = await start(`kept = b'x' * (100 << 20)
for _ in range(3):
    if os.fork() == 0: time.sleep(1000)`)
    const usage = usageOf([pid])
    expect(usage.residentKb).toBeGreaterThan(300 * mb)
    expect([await exceeds(usage, 80 * mb), await exceeds(usage, 150 * mb)]).toEqual([true, false])
  })

  test('excludes reclaimable pages of files', async () => {
    const file = join(folder, 'large')
    writeFileSync(file, '')
    truncateSync(file, 150 << 20)
    const pid = await start(`pages = mmap.mmap(os.open('${file}', os.O_RDONLY), 0, prot=mmap.PROT_READ)
sum(pages[at] for at in range(0, len(pages), 4096))`)
    const usage = usageOf([pid])
    expect(usage.residentKb).toBeGreaterThan(150 * mb)
    expect(await exceeds(usage, 50 * mb)).toBe(false)
  })

  test('includes a peak that is over', async () => {
    const pid = await start(`kept = b'x' * (100 << 20)
del kept`)
    expect(await exceeds(usageOf([pid]), 80 * mb)).toBe(true)
  })

  test('counts programs started by others in full', async () => {
    const pid = await start(`import subprocess, sys
for _ in range(2): subprocess.Popen(['perl', '-e', '$| = 1; $kept = "x" x (60 << 20); print "done\\n"; sleep 1000'], stdout=subprocess.PIPE).stdout.readline()`)
    const usage = usageOf([pid])
    expect(usage.statuses.size).toBe(3)
    expect(await exceeds(usage, 100 * mb)).toBe(true)
  })
})
