import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EnvironmentSpec } from '../driver/driver.ts'
import { createProcessDriver, type ProcessDriver, type ProcessDriverOptions } from '../process/process-driver.ts'
import { buildSupervisor } from '../process/bundles/supervisor-file.ts'
import type { Isolation } from '../process/isolation/sandbox.ts'

/** A process driver whose environments do what the events say, for tests. */
export interface FakeEnvironments {
  readonly driver: ProcessDriver
  readonly dataFolder: string
  readonly spec: EnvironmentSpec
  readonly warnings: readonly string[]
  /** Ends the driver and starts another one in its folder. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** The real supervisor. */
export const realSupervisor = fileURLToPath(new URL('../../../runtime-bootstrap/main.ts', import.meta.url))

const entry = fileURLToPath(new URL('./fake-supervisor.ts', import.meta.url))

/**
 * Leaves a process behind whose parent has exited, and then returns or exits as the event says. Waits until the process runs its
 * own program: frozen before, it would keep that of its parent.
 */
const daemon = `exports.handler = async ({ seconds, exits }) => {
  const { readdirSync, readFileSync } = require('node:fs')
  const commandOf = (pid) => { try { return readFileSync('/proc/' + pid + '/cmdline', 'utf8') } catch { return '' } }
  const sleeps = () => readdirSync('/proc').some((pid) => commandOf(pid) === 'sleep\\0' + seconds + '\\0')
  require('node:child_process').spawnSync('setsid', ['--fork', 'sleep', seconds], { stdio: 'ignore' })
  while (!sleeps()) await new Promise(setImmediate)
  if (exits) process.exit(1)
}`

/** Sends a signal to its supervisor, or to all that it may signal. */
const signals = `exports.handler = async ({ signal, all }) => {
  process.kill(all ? -1 : process.ppid, signal)
  await new Promise((resolve) => setTimeout(resolve, 60_000))
}`

/** Starts the driver in a folder of its own; the spec's code is `handler.txt`, and for the real supervisor `index.js` and others. */
export async function startFakeEnvironments(
  isolation: readonly Isolation[] = ['none'],
  supervisor = entry,
  machine: Pick<ProcessDriverOptions, 'searchPath' | 'homeFolders' | 'codeHolds'> = {},
): Promise<FakeEnvironments> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'kubelambda-environments-'))
  await chmod(dataFolder, 0o711)
  const codeFolder = join(dataFolder, 'unpacked', 'one')
  await mkdir(codeFolder, { recursive: true })
  await writeFile(join(codeFolder, 'handler.txt'), 'the code\n')
  const handler = 'exports.handler = async (event) => ({ event, folder: process.cwd(), file: __filename })\n'
  await writeFile(join(codeFolder, 'index.js'), handler)
  const commandLine = "exports.handler = async () => require('fs').readFileSync('/proc/self/cmdline', 'utf8')\n"
  await writeFile(join(codeFolder, 'command-line.js'), commandLine)
  await writeFile(join(codeFolder, 'daemon.js'), daemon)
  await writeFile(join(codeFolder, 'signals.js'), signals)
  await writeFile(join(dataFolder, 'secret.txt'), 'the server only\n')
  const warnings: string[] = []
  const supervisorFile = await buildSupervisor(dataFolder, supervisor)
  const start = () =>
    createProcessDriver({
      codeStore: { unpacked: () => Promise.resolve(codeFolder), unpackedStack: () => Promise.resolve(codeFolder) },
      dataFolder,
      supervisorFile,
      accountId: '000000000000',
      region: 'us-east-1',
      log: { info: () => undefined, warn: (line) => warnings.push(line) },
      isolation,
      ...machine,
    })
  let driver = await start()
  return {
    get driver() {
      return driver
    },
    ...{ dataFolder, spec: fakeSpec, warnings },
    async restart() {
      await driver.close()
      driver = await start()
    },
    async close() {
      await driver.close()
      await rm(dataFolder, { recursive: true, force: true })
    },
  }
}

/** A function that brings its own bootstrap, so that any machine can run it. */
export const fakeSpec: EnvironmentSpec = {
  key: 'hello:$LATEST:1',
  functionName: 'hello',
  version: '$LATEST',
  runtime: 'provided.al2023',
  handler: 'handler',
  architecture: 'x86_64',
  memoryMb: 128,
  timeoutMs: 3_000,
  ephemeralStorageMb: 512,
  variables: { GREETING: 'hello' },
  codeSha256: 'one',
  logGroup: '/aws/lambda/hello',
  tags: {},
}
