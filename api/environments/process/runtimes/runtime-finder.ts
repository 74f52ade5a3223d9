import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { RuntimeUnavailable } from '../../driver/driver.ts'
import type { FoundRuntime } from '../../driver/found-runtime.ts'

interface Family {
  readonly name: FoundRuntime['family']
  /** Its first group is the version. */
  readonly identifier: RegExp
  /** Commands to look for on PATH, best first. */
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
    commands: (version) => [`node${version}`, 'node', process.execPath],
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

/** Finds the interpreter of a runtime on the path, once. Rejects with `RuntimeUnavailable`. */
export function createRuntimeFinder(searchPath: string): FindRuntime {
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
      runtime = find(identifier, probeOnce)
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

async function find(identifier: string, probeOnce: Probe): Promise<FoundRuntime> {
  const providedVersion = provided.exec(identifier)
  if (providedVersion) return { identifier, family: 'provided', version: providedVersion[1] ?? 'al1' }
  for (const family of families) {
    const version = family.identifier.exec(identifier)?.[1]
    if (version !== undefined) return findInterpreter(identifier, version, family, probeOnce)
  }
  throw new RuntimeUnavailable(`Runtime ${identifier} is not supported yet by the process driver`)
}

async function findInterpreter(
  identifier: string,
  version: string,
  family: Family,
  probeOnce: Probe,
): Promise<FoundRuntime> {
  const base = { identifier, family: family.name, version, client: family.client }
  let other: Interpreter | undefined
  for (const command of family.commands(version)) {
    const interpreter = await probeOnce(command, family.probe)
    if (interpreter === undefined) continue
    if (isVersion(interpreter.version, version)) {
      return { ...base, interpreter: interpreter.file, interpreterVersion: interpreter.version }
    }
    if (other === undefined || command === process.execPath) other = interpreter
  }
  if (other === undefined) throw new RuntimeUnavailable(`Runtime ${identifier} needs ${family.install(version)}`)
  const warning = `Runtime ${identifier} runs on ${family.name} ${other.version}: ${version} was not found on PATH`
  return { ...base, interpreter: other.file, interpreterVersion: other.version, warning }
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
    // Not on PATH, or a shim without that version behind it.
  }
  return undefined
}
