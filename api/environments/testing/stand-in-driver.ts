import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EnvironmentSpec } from '../driver.ts'
import { createProcessDriver, type ProcessDriver } from '../process-driver.ts'
import { buildSupervisor } from '../process/supervisor-file.ts'
import type { Isolation } from '../process/sandbox.ts'

/** A process driver whose environments do what the events say, and what a test needs around it. */
export interface StandIn {
  readonly driver: ProcessDriver
  readonly dataFolder: string
  readonly spec: EnvironmentSpec
  readonly warnings: readonly string[]
  close(): Promise<void>
}

/** The supervisor that is no stand-in. */
export const realSupervisor = fileURLToPath(new URL('../../../runtime-bootstrap/main.ts', import.meta.url))

const entry = fileURLToPath(new URL('stand-in-supervisor.ts', import.meta.url))

/** Starts the driver in a folder of its own; the spec's code is `handler.txt`, and `index.js` for the real supervisor. */
export async function startStandIn(isolation: readonly Isolation[] = ['none'], supervisor = entry): Promise<StandIn> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'kubelambda-environments-'))
  const codeFolder = join(dataFolder, 'code', 'unpacked', 'one')
  await mkdir(codeFolder, { recursive: true })
  await writeFile(join(codeFolder, 'handler.txt'), 'the code\n')
  const handler = 'exports.handler = async (event) => ({ event, folder: process.cwd(), file: __filename })\n'
  await writeFile(join(codeFolder, 'index.js'), handler)
  await writeFile(join(dataFolder, 'secret.txt'), 'the server only\n')
  const warnings: string[] = []
  const driver = await createProcessDriver({
    codeStore: { unpacked: () => Promise.resolve(codeFolder), unpackedStack: () => Promise.resolve(codeFolder) },
    dataFolder,
    supervisorFile: await buildSupervisor(dataFolder, supervisor),
    accountId: '000000000000',
    region: 'us-east-1',
    log: { warn: (line) => warnings.push(line) },
    isolation,
  })
  const close = async () => {
    await driver.close()
    await rm(dataFolder, { recursive: true, force: true })
  }
  return { driver, dataFolder, spec: standInSpec, warnings, close }
}

/** A function that brings its own bootstrap, so that any machine can run it. */
export const standInSpec: EnvironmentSpec = {
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
