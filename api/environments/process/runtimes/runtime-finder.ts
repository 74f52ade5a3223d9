import { execFile } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { promisify } from 'node:util'
import { RuntimeUnavailable } from '../../driver/driver.ts'
import type { FoundRuntime } from '../../driver/found-runtime.ts'
import { interpretersOnPath } from './interpreters-on-path.ts'

interface Family {
  readonly name: FoundRuntime['family']
  /** Its first group is the version. */
  readonly identifier: RegExp
  /** Commands to look for on PATH, best first; a command of a path stands for itself. */
  readonly commands: (version: string) => readonly string[]
  /** Makes the interpreter print its real file and its version, a line each. */
  readonly probe: readonly string[]
  readonly client: string
  readonly install: (version: string) => string
}

/** Runtime identifiers, the interpreters that run them, and the client that connects these to the Runtime API. */
const families: readonly Family[] = [
  {
    name: 'nodejs',
    identifier: /^nodejs(\d+)\.x$/,
    commands: (version) => [`node${version}`, `node-${version}`, 'node', process.execPath],
    probe: ['-p', 'process.execPath + "\\n" + process.versions.node'],
    client: 'nodejs/index.cjs',
    install: (version) => `Node.js ${version}: install it so that \`node${version}\` or \`node\` is on PATH`,
  },
  {
    name: 'python',
    identifier: /^python(3\.\d+)$/,
    commands: (version) => [`python${version}`, 'python3'],
    probe: ['-c', 'import sys; print(sys.executable); print("%d.%d.%d" % sys.version_info[:3])'],
    client: 'python/bootstrap.py',
    install: () => 'Python 3: install it, e.g. apt-get install python3',
  },
  {
    name: 'ruby',
    identifier: /^ruby(\d\.\d)$/,
    commands: (version) => [`ruby${version}`, 'ruby'],
    probe: ['-e', 'puts RbConfig.ruby, RUBY_VERSION'],
    client: 'ruby/bootstrap.rb',
    install: () => 'Ruby 3: install it, e.g. apt-get install ruby',
  },
]

const provided = /^provided(?:\.(al2|al2023))?$/

interface Interpreter {
  readonly file: string
  readonly version: string
}

/** Runs a command with a probe's code; undefined when there is none. */
type Probe = (command: string, code: readonly string[]) => Promise<Interpreter | undefined>

export type FindRuntime = (identifier: string) => Promise<FoundRuntime>

/** Whether functions see the program at this path. */
type IsShown = (path: string) => boolean

/** Finds the interpreter of a runtime on the path, once. Rejects with `RuntimeUnavailable`. */
export function createRuntimeFinder(searchPath: string, isShown: IsShown = () => true): FindRuntime {
  const found = new Map<string, Promise<FoundRuntime>>()
  const probed = new Map<string, Promise<Interpreter | undefined>>()
  const probeOnce: Probe = (command, code) => {
    const known = probed.get(command)
    if (known) return known
    const interpreter = probe(command, code, searchPath)
    probed.set(command, interpreter)
    return interpreter
  }
  return (identifier) => {
    let runtime = found.get(identifier)
    if (runtime === undefined) {
      runtime = find(identifier, { searchPath, isShown, probeOnce })
      found.set(identifier, runtime)
      // Look again next time: the interpreter may have been installed.
      runtime.catch(() => {
        found.delete(identifier)
        probed.clear()
      })
    }
    return runtime
  }
}

interface Surroundings {
  readonly searchPath: string
  readonly isShown: IsShown
  readonly probeOnce: Probe
}

async function find(identifier: string, surroundings: Surroundings): Promise<FoundRuntime> {
  const providedVersion = provided.exec(identifier)
  if (providedVersion) return { identifier, family: 'provided', version: providedVersion[1] ?? 'al1' }
  for (const family of families) {
    const version = family.identifier.exec(identifier)?.[1]
    if (version !== undefined) return findInterpreter(identifier, version, family, surroundings)
  }
  throw new RuntimeUnavailable(
    `Runtime ${identifier} is not supported on one machine: deploy the function as a container image in Kubernetes`,
  )
}

/** Looks at one interpreter after the other until the version fits; else the first serves, or the one that runs this server. */
async function findInterpreter(
  identifier: string,
  version: string,
  family: Family,
  { searchPath, isShown, probeOnce }: Surroundings,
): Promise<FoundRuntime> {
  const base = { identifier, family: family.name, version, client: family.client }
  let other: Interpreter | undefined
  let hidden: Interpreter | undefined
  for (const command of filesOf(family.commands(version), searchPath)) {
    const interpreter = await probeOnce(command, family.probe)
    if (interpreter === undefined) continue
    const file = [interpreter.file, programOf(interpreter.file)].find(isShown)
    const fits = isVersion(interpreter.version, version)
    if (file === undefined) {
      if (hidden === undefined || (fits && !isVersion(hidden.version, version))) hidden = interpreter
      continue
    }
    if (fits) return { ...base, interpreter: file, interpreterVersion: interpreter.version }
    if (other === undefined || command === process.execPath) other = { ...interpreter, file }
  }
  if (other === undefined) {
    const advice = hidden === undefined ? '' : `; ${hiddenAdvice(hidden)}`
    throw new RuntimeUnavailable(`Runtime ${identifier} needs ${family.install(version)}${advice}`)
  }
  const reason =
    hidden !== undefined && isVersion(hidden.version, version)
      ? hiddenAdvice(hidden)
      : `${version} was not found on PATH`
  const warning = `Runtime ${identifier} runs on ${family.name} ${other.version}: ${reason}`
  return { ...base, interpreter: other.file, interpreterVersion: other.version, warning }
}

/** Why an interpreter that is on PATH cannot be used. */
function hiddenAdvice({ file }: Interpreter): string {
  return (
    `isolated functions cannot see ${file}. ` +
    'Restart the server if it was installed just now, else install it in a folder of its own'
  )
}

function filesOf(commands: readonly string[], searchPath: string): string[] {
  return commands.flatMap((command) =>
    command.startsWith('/') ? [command] : interpretersOnPath(searchPath, command).map(({ path }) => path),
  )
}

function programOf(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}

function isVersion(actual: string, wanted: string): boolean {
  return actual === wanted || actual.startsWith(`${wanted}.`)
}

/** Commands on PATH may be shims that start slowly, so the interpreter itself says where it is. */
async function probe(command: string, code: readonly string[], searchPath: string): Promise<Interpreter | undefined> {
  const env = { ...process.env, PATH: searchPath }
  try {
    const { stdout } = await promisify(execFile)(command, [...code], { cwd: '/', timeout: 10_000, env })
    const [file, version] = stdout.trim().split('\n')
    if (file?.startsWith('/') === true && version !== undefined) return { file, version }
  } catch {
    // A command of a version manager without that version, or one that is broken.
  }
  return undefined
}
