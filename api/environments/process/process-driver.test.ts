import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { driverContract, launchEnvironment, runShell, sleepersOf } from '../driver/driver.contract.ts'
import { createCodeHolds } from '../../functions/code/code-holds.ts'
import { layerStackSha256 } from '../../functions/code/code-store.ts'
import { RuntimeUnavailable } from '../driver/driver.ts'
import type { Environment } from '../environment/environment.ts'
import { stateOf, until } from '../../../runtime-bootstrap/processes/process-state.harness.ts'
import { findIsolation, isolationKinds } from './isolation/isolation.ts'
import type { Isolation } from './isolation/sandbox.ts'
import { userAllocator } from './isolation/user-ids.ts'
import { realSupervisor, startFakeEnvironments, type FakeEnvironments } from '../testing/fake-environments.ts'

const probe = await startFakeEnvironments(['none'])
const available: Isolation[] = []
for (const kind of isolationKinds()) {
  const folders = {
    dataFolder: probe.dataFolder,
    runtimesFolder: join(probe.dataFolder, 'run', 'runtimes'),
    searchPath: '',
  }
  const user = userAllocator(Math.random)(0)
  const found = await findIsolation({ ...folders, user, supervisorFile: join(probe.dataFolder, 'run', 'x.mjs') }, [
    kind,
  ])
  if (found.sandbox) available.push(kind)
}
await probe.close()

test('functions are isolated wherever this machine lets namespaces be made', () => {
  const unshare = spawnSync('unshare', ['--mount', '--pid', '--ipc', '--fork', 'true'])
  expect(unshare.status !== 0 || available.includes('root')).toBe(true)
})

driverContract('the process driver without isolation', () => startFakeEnvironments(['none']))

test('code and layers are held as long as their environment runs', async () => {
  const codeHolds = createCodeHolds()
  const fake = await startFakeEnvironments(['none'], undefined, { codeHolds })
  const layers = ['one', 'two']
  const spec = { ...fake.spec, layerSha256s: layers }
  const packages = [spec.codeSha256, ...layers, layerStackSha256(layers)]
  const held = () => packages.map((sha256) => codeHolds.has(sha256))
  const launching = fake.driver.launch(spec)
  expect(held()).toEqual([true, true, true, true])
  const launched = await launching
  expect(held()).toEqual([true, true, true, true])
  launched.kill()
  await until(() => !codeHolds.has(spec.codeSha256))
  expect(held()).toEqual([false, false, false, false])
  await expect(fake.driver.launch({ ...spec, runtime: 'java21' })).rejects.toThrow(RuntimeUnavailable)
  expect(held()).toEqual([false, false, false, false])
  await fake.close()
})

test('plain processes come with a warning that says what is missing', async () => {
  const fake = await startFakeEnvironments(['none'])
  expect(fake.driver.isolation.kind).toBe('none')
  expect(fake.warnings.join()).toContain('install bubblewrap')
  await fake.close()
})

test('preparing a function that cannot run here warns with the reason, and succeeds', async () => {
  const fake = await startFakeEnvironments(['none'], undefined, { searchPath: '' })
  const expected = {
    java21: 'Runtime java21 is not supported on one machine',
    'python3.12': 'Runtime python3.12 needs Python 3: install it, e.g. apt-get install python3',
    'ruby3.4': 'Runtime ruby3.4 needs Ruby 3: install it, e.g. apt-get install ruby',
  }
  for (const [name, reason] of Object.entries(expected)) {
    await fake.driver.prepare({ ...fake.spec, runtime: name })
    expect(fake.warnings.at(-1)).toContain(`Function hello cannot be invoked. ${reason}`)
  }
  const count = fake.warnings.length
  await fake.driver.prepare(fake.spec)
  expect(fake.warnings).toHaveLength(count)
  await fake.close()
})

test('an image is refused by name of what could run it, and preparing it warns of that', async () => {
  const fake = await startFakeEnvironments(['none'])
  const spec = { ...fake.spec, imageUri: 'repository/image:1' }
  await fake.driver.prepare(spec)
  expect(fake.warnings.at(-1)).toContain('Function hello cannot be invoked. Functions of packageType Image run in')
  await expect(fake.driver.launch(spec)).rejects.toThrow(RuntimeUnavailable)
  await expect(fake.driver.launch(spec)).rejects.toThrow('run in Kubernetes only')
  await fake.close()
})

const runtime = `nodejs${process.versions.node.split('.')[0]!}.x`

for (const kind of [...available, 'none'] as const) {
  test(`a Node.js function answers through the real supervisor, with isolation ${kind}`, async () => {
    const fake = await startFakeEnvironments([kind], realSupervisor)
    const environment = await launchEnvironment(fake.driver, { ...fake.spec, runtime, handler: 'index.handler' })
    const payload = Buffer.from('{"a":1}')
    const result = await environment.invoke({ requestId: '1', functionArn: 'arn', payload, tail: true })
    const folder = environment.launched.assignment.codeFolder
    expect(JSON.parse(Buffer.from(result.payload).toString())).toEqual({
      event: { a: 1 },
      folder,
      file: join(folder, 'index.js'),
    })
    expect(Buffer.from(result.logTail ?? '', 'base64').toString()).toMatch(/^START .*\nEND .*\nREPORT .*\n$/)
    await fake.close()
  })

  // What a function may signal: with a user of its own nothing but itself, without a PID namespace all of this machine.
  test.each([
    ['SIGKILL', false, 'killed'],
    ['SIGTERM', false, 'terminated'],
    ...(kind === 'bubblewrap' || kind === 'namespaces' ? [['SIGKILL', true, 'killed'] as const] : []),
  ] as const)(
    `what a function does to its environment is its error: %s, to all: %s, with isolation ${kind}`,
    async (signal, all, how) => {
      const fake = await startFakeEnvironments([kind], realSupervisor)
      try {
        const environment = await launchEnvironment(fake.driver, { ...fake.spec, runtime, handler: 'signals.handler' })
        const payload = Buffer.from(JSON.stringify({ signal, all }))
        const result = await environment.invoke({ requestId: '1', functionArn: 'arn', payload, tail: false })
        const { errorType, errorMessage } = JSON.parse(Buffer.from(result.payload).toString())
        const isApart = kind === 'root' || kind === 'users'
        expect(result.functionError).toBe('Unhandled')
        expect([errorType, errorMessage]).toEqual(
          isApart
            ? ['Error', 'kill EPERM']
            : ['Runtime.ExitError', `RequestId: 1 Error: Runtime exited with error: signal: ${how}`],
        )
      } finally {
        await fake.close()
      }
    },
  )

  test(`a standby runtime becomes a function's, with isolation ${kind}`, async () => {
    const fake = await startFakeEnvironments([kind], realSupervisor)
    const spec = { ...fake.spec, runtime, handler: 'command-line.handler' }
    await fake.driver.prepare(spec)
    await until(() => waitingIn(fake.dataFolder) === 2)
    // The next server remembers what was wanted; what waited may end a moment after its supervisor.
    await fake.driver.close()
    await until(() => waitingIn(fake.dataFolder) === 0)
    await fake.restart()
    await until(() => waitingIn(fake.dataFolder) === 2)
    const environment = await launchEnvironment(fake.driver, spec)
    const payload = Buffer.from('{}')
    const result = await environment.invoke({ requestId: '1', functionArn: 'arn', payload, tail: false })
    expect(Buffer.from(result.payload).toString()).toContain('--standby')
    await fake.close()
  })
}

/** In how many of the spares of the driver with this data folder a runtime waits: any of them may be taken. */
function waitingIn(dataFolder: string): number {
  const read = (pid: string, name: string) => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'utf8')
    } catch {
      return ''
    }
  }
  const waiting = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && read(name, 'cmdline').includes('--standby'),
  )
  return waiting.filter((pid) => (read(pid, 'environ') + read(pid, 'mountinfo')).includes(dataFolder)).length
}

for (const kind of available) {
  test.each(['linked from', 'installed in'])(
    `an interpreter %s ~/bin shows nothing else of the home, with isolation ${kind}`,
    async (how) => {
      const home = mkdtempSync('/var/tmp/kubelambda-home-')
      const command = join(home, 'bin', 'node')
      const program = how === 'linked from' ? join(home, '.nvm', 'versions', 'node', 'v1', 'bin', 'node') : command
      for (const file of [command, program]) mkdirSync(dirname(file), { recursive: true })
      copyFileSync(process.execPath, program)
      if (program !== command) {
        mkdirSync(join(program, '..', '..', 'lib', 'node_modules'), { recursive: true })
        symlinkSync(program, command)
      }
      writeFileSync(join(home, 'secret.txt'), "the user's only\n")
      writeFileSync(join(home, 'bin', 'secret.txt'), "the user's only\n")
      chmodSync(home, 0o755)
      const machine = { searchPath: join(home, 'bin'), homeFolders: [home] }
      const fake = await startFakeEnvironments([kind], realSupervisor, machine)
      try {
        expect(fake.driver.isolation.kind).toBe(kind)
        const code = `const { existsSync } = require('node:fs')
        exports.handler = async (files) => [process.execPath, ...files.filter((file) => existsSync(file))]`
        writeFileSync(join(fake.dataFolder, 'unpacked', 'one', 'look.js'), code)
        // Another `/tmp` must not take it away.
        const spec = { ...fake.spec, runtime, handler: 'look.handler', ephemeralStorageMb: 1024 }
        const environment = await launchEnvironment(fake.driver, spec)
        const payload = Buffer.from(JSON.stringify([join(home, 'secret.txt'), join(home, 'bin', 'secret.txt')]))
        const result = await environment.invoke({ requestId: '1', functionArn: 'arn', payload, tail: false })
        expect(JSON.parse(Buffer.from(result.payload).toString())).toEqual([program])
        expect(fake.warnings).toEqual([])
      } finally {
        await fake.close()
        rmSync(home, { recursive: true })
      }
    },
  )

  test(`orphaned processes of a function are frozen and end with it, with isolation ${kind}`, async () => {
    const fake = await startFakeEnvironments([kind], realSupervisor)
    const environment = await launchEnvironment(fake.driver, { ...fake.spec, runtime, handler: 'daemon.handler' })
    const seconds = `87${String(process.pid)}${String(available.indexOf(kind))}`
    const invoke = (exits: boolean) => {
      const payload = Buffer.from(JSON.stringify({ seconds, exits }))
      return environment.invoke({ requestId: String(exits), functionArn: 'arn', payload, tail: false })
    }
    await invoke(false)
    expect(sleepersOf(seconds)).toHaveLength(1)
    await until(() => sleepersOf(seconds).every((pid) => stateOf(pid) === 'T') && environment.isFree)
    expect((await invoke(true)).functionError).toBe('Unhandled')
    await until(() => sleepersOf(seconds).length === 0 && environment.isFree)
    // The environment lives on.
    await invoke(false)
    expect(sleepersOf(seconds)).toHaveLength(1)
    await fake.close()
  })

  driverContract(`the process driver isolated by ${kind}`, () => startFakeEnvironments([kind]))

  describe(`a function isolated by ${kind}`, () => {
    let fake: FakeEnvironments
    let environment: Environment
    const shell = async (command: string) => (await runShell(environment, command)).output
    const launch = (more: object = {}) => launchEnvironment(fake.driver, { ...fake.spec, ...more })

    beforeAll(async () => {
      fake = await startFakeEnvironments([kind])
      environment = await launch()
    })
    afterAll(() => fake.close())

    test("has its code where AWS has it, and AWS's paths in its variables", async () => {
      expect(fake.driver.isolation.kind).toBe(kind)
      expect(await shell('pwd; cat /var/task/handler.txt; echo $LAMBDA_TASK_ROOT $LAMBDA_RUNTIME_DIR')).toBe(
        '/var/task\nthe code\n/var/task /var/runtime\n',
      )
    })

    test('has its layers at /opt, and nothing there without layers', async () => {
      const layered = await launch({ layerSha256s: ['a layer'] })
      expect((await runShell(layered, 'cat /opt/handler.txt')).output).toBe('the code\n')
      expect(await shell('ls /opt')).toBe('')
    })

    test('can write nowhere but in /tmp', async () => {
      const attempt =
        'for f in / /var /var/task /opt /usr /etc /var/runtime /tmp; do (: >$f/x) 2>/dev/null && echo $f; done'
      expect(await shell(attempt)).toBe('/tmp\n')
    })

    test("sees neither the server's data nor other functions' code", async () => {
      expect(await shell(`cat ${fake.dataFolder}/secret.txt /.kubelambda/data/secret.txt`)).toBe('')
      expect(await shell('find / -name secret.txt -not -path "/proc/*" 2>/dev/null')).toBe('')
    })

    test('is a user without rights who has a name', async () => {
      expect(await shell('id -un; grep CapEff /proc/self/status')).toBe('sbx_user1051\nCapEff:\t0000000000000000\n')
    })

    test("lies on no file of the machine's, which could be replaced by another", async () => {
      const mounts = (await shell('cut -d" " -f5 /proc/self/mountinfo')).split('\n')
      expect(mounts.filter((mount) => mount.startsWith('/etc/'))).toEqual([])
      expect(await shell("grep -c sbx_user1051 /etc/passwd; grep -o 'sandbox.localdomain' /etc/hosts")).toBe(
        '1\nsandbox.localdomain\n',
      )
      expect(await shell('cat /etc/os-release')).toBe(readFileSync('/etc/os-release', 'utf8'))
    })

    test("has AWS's modes of folders and its entry point", async () => {
      expect(await shell('stat -c "%a %n" /var/task /opt /tmp /var/lang /lambda-entrypoint.sh')).toBe(
        '755 /var/task\n755 /opt\n1777 /tmp\n755 /var/lang\n755 /lambda-entrypoint.sh\n',
      )
      expect((await runShell(environment, '/lambda-entrypoint.sh; echo $?')).output).toBe('142\n')
    })

    test("has AWS's PATH, by which it finds its interpreter", async () => {
      const own = await launch({ runtime })
      const found = 'echo $PATH; readlink -f "$(command -v node)"; node -p process.execPath; stat -c %a /var/lang/bin'
      const interpreter = realpathSync(own.launched.assignment.command[0]!)
      expect((await runShell(own, found)).output).toBe(
        `/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin\n${interpreter}\n${interpreter}\n755\n`,
      )
    })

    test("sees no process of the machine's", async () => {
      const processes = await shell('ls /proc | grep -c "^[0-9]"')
      expect(Number(processes)).toBeLessThan(10)
    })

    test("has AWS's limits", async () => {
      const rows = (await shell('cat /proc/self/limits')).split('\n')
      const limitOf = (name: string) =>
        rows
          .find((row) => row.startsWith(name))
          ?.match(/\d+|unlimited/g)
          ?.slice(0, 2)
      expect(limitOf('Max open files')).toEqual(['1024', '1024'])
      expect(limitOf('Max locked memory')).toEqual(['65536', '65536'])
      expect(limitOf('Max core file size')).toEqual(['10737418240', '10737418240'])
      expect(limitOf('Max stack size')?.[0]).toBe('8388608')
      expect(limitOf('Max processes')).toEqual(['742', '742'])
    })

    test('makes no system calls that containers are denied, and gets no new privileges', async () => {
      expect(await shell('grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status')).toBe('NoNewPrivs:\t1\nSeccomp:\t2\n')
      expect(await shell('unshare --user true && echo made')).toBe('')
    })

    test('resolves names as the machine does', async () => {
      expect(await shell('cat /etc/resolv.conf')).toBe(readFileSync('/etc/resolv.conf', 'utf8'))
    })

    test('has as much space in /tmp as configured', async () => {
      const size = "df -m /tmp | awk 'END { print $2 }'"
      expect(await shell(size)).toBe('512\n')
      const large = await launch({ ephemeralStorageMb: 1024 })
      expect((await runShell(large, size)).output).toBe('1024\n')
    })

    test('leaves no mount on the machine', () => {
      expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(fake.dataFolder)
      expect(readdirSync(join(fake.dataFolder, 'run', 'stage'))).toEqual([])
    })
  })
}
