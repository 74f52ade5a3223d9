import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { until } from '../../../../runtime-bootstrap/processes/process-state.harness.ts'
import { realSupervisor, startFakeEnvironments } from '../../testing/fake-environments.ts'
import { findIsolation } from '../isolation/isolation.ts'
import type { Isolation } from '../isolation/sandbox.ts'
import { userAllocator } from '../isolation/user-ids.ts'
import { startSupervisor } from './supervisor-process.ts'

const kinds: Isolation[] = process.platform === 'linux' ? ['root', 'bubblewrap', 'namespaces', 'none'] : ['none']

test.each(kinds)(
  'a supervisor that is killed while it starts leaves no process behind, with isolation %s',
  async (kind) => {
    const fake = await startFakeEnvironments(['none'], realSupervisor)
    const { dataFolder } = fake
    const supervisorFile =
      readdirSync(join(dataFolder, 'run', 'supervisor')).find((name) => name.endsWith('.cjs')) ?? ''
    const folders = {
      dataFolder,
      runtimesFolder: join(dataFolder, 'run', 'runtimes'),
      supervisorFile: join(dataFolder, 'run', 'supervisor', supervisorFile),
    }
    await fake.driver.close()
    const user = kind === 'none' ? undefined : userAllocator(Math.random)(0)
    const { sandbox } =
      kind === 'none'
        ? {}
        : await findIsolation({ ...folders, searchPath: '', user: user ?? { uid: 0, gid: 0 } }, [kind])
    if (kind === 'none' || sandbox !== undefined) {
      for (let turn = 0; turn < 40; turn++) {
        const options = { id: `e${turn}`, nodeFlags: [], ...folders, ...(sandbox && { sandbox, user }) }
        const supervisor = startSupervisor(options)
        // Later in each turn, so that every step of the start is met.
        const end = performance.now() + turn / 4
        while (performance.now() < end) await new Promise(setImmediate)
        supervisor.kill()
        await supervisor.exited
      }
      await until(() => commandsWith(dataFolder).length === 0).catch(() => undefined)
      expect(commandsWith(dataFolder)).toEqual([])
    }
    await fake.close()
  },
)

function commandsWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map(commandOf)
    .filter((command) => command.includes(text))
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
