import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launchEnvironment, runShell, driverContract } from '../../driver/driver.contract.ts'
import type { Environment } from '../../environment/environment.ts'
import { fakeSpec, startFakeEnvironments, type FakeEnvironments } from '../../testing/fake-environments.ts'
import { canRunAsOthers, withoutOthers } from '../../testing/other-users.ts'
import { createProcessDriver } from '../process-driver.ts'
import { findIsolation, isolationKinds, type FoundIsolation } from './isolation.ts'
import type { Isolation } from './sandbox.ts'
import { userAllocator } from './user-ids.ts'

const isRoot = process.platform === 'linux' && process.getuid?.() === 0
const folder = mkdtempSync(join(tmpdir(), 'isolation-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function optionsIn(name: string) {
  const dataFolder = join(folder, name)
  const runtimesFolder = join(dataFolder, 'run', 'runtimes')
  mkdirSync(join(runtimesFolder, 'nodejs'), { recursive: true })
  writeFileSync(join(runtimesFolder, 'nodejs', 'index.cjs'), '')
  writeFileSync(join(dataFolder, 'kubelambda.sqlite'), 'secret', { mode: 0o644 })
  chmodSync(folder, 0o755)
  const supervisorFile = join(dataFolder, 'run', 'supervisor', 'x.cjs')
  const user = isRoot ? userAllocator(Math.random)(0) : undefined
  return { dataFolder, runtimesFolder, supervisorFile, searchPath: '', user }
}

const works = async (kind: Isolation) => (await findIsolation(optionsIn('probe'), [kind])).kind === kind
const working: Isolation[] = []
for (const kind of isolationKinds()) if (await works(kind)) working.push(kind)
const withSandbox = working.length > 0 ? describe : describe.skip

withSandbox('a trial that fails for want of', () => {
  test('time is repeated with more time', async () => {
    const options = { ...optionsIn('time'), trialsMs: [1, 60_000] }
    expect(await findIsolation(options, working)).toMatchObject({ kind: working[0], complaints: [] })
  })

  test('time each time is a failure that says so', async () => {
    const options = { ...optionsIn('late'), trialsMs: [1, 1] }
    const found = await findIsolation(options, [working[0]!])
    expect(found.kind).toBeUndefined()
    expect(found.complaints.join()).toContain('did not end within 0.001 s')
  })

  test.each([512, 128])('descriptors, of which the server may have %i, still isolates', async (limit) => {
    const module = fileURLToPath(new URL('isolation.ts', import.meta.url))
    const code = `const { findIsolation } = await import(${JSON.stringify(module)})
      const found = await findIsolation(${JSON.stringify(optionsIn('few'))}, ${JSON.stringify(working)})
      console.log(JSON.stringify({ kind: found.kind, complaints: found.complaints }))`
    const script = `ulimit -n ${limit}; exec "$0" --input-type=module -e "$1"`
    const ran = spawnSync('sh', ['-c', script, process.execPath, code], { encoding: 'utf8' })
    expect(JSON.parse(ran.stdout || ran.stderr) as FoundIsolation).toEqual({ kind: working[0], complaints: [] })
  })
})

describe('a server', () => {
  test('that runs as root and can isolate nothing does not start, and says which setting allows it', async () => {
    const options = {
      codeStore: { unpacked: () => Promise.resolve(''), unpackedStack: () => Promise.resolve('') },
      ...{ ...optionsIn('refused'), accountId: '000000000000', region: 'us-east-1' },
      log: { info: () => undefined, warn: () => undefined },
      isolation: [],
    }
    await expect(createProcessDriver(options)).rejects.toThrow('set KUBELAMBDA_ISOLATION=none')
    await expect(createProcessDriver({ ...options, policy: 'required' })).rejects.toThrow(
      'KUBELAMBDA_ISOLATION=required',
    )
  })

  test('tries plain processes of its own user only where it is not root, or the setting says so', () => {
    expect(isolationKinds('auto').at(-1)).toBe(isRoot ? 'users' : 'none')
    expect(isolationKinds('none')).toEqual(['none'])
    expect(isolationKinds('required')).not.toContain('none')
    expect(isolationKinds('required')).not.toContain('users')
  })
})

test('users are those that the user namespace has, and differ between servers', () => {
  const everywhere = [{ first: 0, count: 4_294_967_295 }]
  const [one, other] = [0.1, 0.2].map((random) => userAllocator(() => random, everywhere))
  expect(one!(1)).toEqual({ uid: 2_010_000_001, gid: 2_010_000_001 })
  expect(other!(1)).toEqual({ uid: 2_020_000_001, gid: 2_020_000_001 })
  const few = userAllocator(
    () => 0,
    [
      { first: 0, count: 1 },
      { first: 1, count: 65_536 },
    ],
  )
  expect([few(1).uid, few(31_768).uid, few(31_769).uid]).toEqual([32_770, 32_769, 32_770])
})

const asOthers = canRunAsOthers ? describe : describe.skip
asOthers(`functions as users of their own, without namespaces${withoutOthers}`, () => {
  let fake: FakeEnvironments
  let environment: Environment
  const shell = async (command: string, where = environment) => (await runShell(where, command)).output

  beforeAll(async () => {
    fake = await startFakeEnvironments(['users'])
    environment = await launchEnvironment(fake.driver, fakeSpec)
  })
  afterAll(() => fake.close())

  test('are not root, and differ between environments', async () => {
    const other = await launchEnvironment(fake.driver, fakeSpec)
    const [one, two] = [await shell('id -u'), await shell('id -u', other)].map(Number)
    expect(fake.driver.isolation.kind).toBe('users')
    expect(one).toBeGreaterThan(0)
    expect(two).toBe(one! + 1)
    expect(await shell(`echo x >"$TMPDIR/x" && chmod 600 "$TMPDIR/x" && cat "$TMPDIR/x"`)).toBe('x\n')
    const temporary = (await shell('echo "$TMPDIR"')).trim()
    expect(await shell(`cat ${temporary}/x; ls ${temporary}; echo y >${temporary}/y`, other)).toBe('')
  })

  test("cannot read the server's data, nor list the code of others", async () => {
    const { dataFolder } = fake
    expect(await shell(`cat ${dataFolder}/secret.txt; ls ${dataFolder}; cat /etc/shadow`)).toBe('')
    expect(await shell('cat handler.txt')).toBe('the code\n')
  })

  test('come with a warning that says what they see', () => {
    expect(fake.warnings.join()).toContain('each environment as a user of its own')
  })

  test('are not possible where other users cannot reach the data folder, and the reason says so', async () => {
    const options = optionsIn('private/data')
    chmodSync(join(folder, 'private'), 0o700)
    const found = await findIsolation(options, ['users'])
    expect(found.kind).toBeUndefined()
    expect(found.complaints.join()).toContain('users other than root cannot reach')
  })
})

if (canRunAsOthers) driverContract('the process driver with users of their own', () => startFakeEnvironments(['users']))
