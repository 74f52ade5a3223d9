import { randomBytes } from 'node:crypto'
import type { EnvironmentSpec } from './driver.ts'
import { interpreterFolder, type FoundRuntime } from './found-runtime.ts'

const initializationType = 'AWS_LAMBDA_INITIALIZATION_TYPE'
/** Folders on every function's PATH. */
export const systemPaths = ['/usr/local/bin', '/usr/bin', '/bin']
const aheadTypes = ['provisioned-concurrency', 'lambda-managed-instances']

/** The folders of an environment, as its function sees them. */
export interface EnvironmentFolders {
  readonly taskRoot: string
  readonly runtimeDir: string
  readonly layers: string
  /** A temporary folder other than `/tmp`, where a private `/tmp` is not possible. */
  readonly temporary?: string
  /** Whether the folders have AWS's paths. */
  readonly isMounted: boolean
}

/**
 * All environment variables of a runtime but `AWS_LAMBDA_RUNTIME_API` (reference 4.2). The function's own variables replace
 * search paths and locale; AWS's reserved names stay.
 */
export function runtimeVariables(
  spec: EnvironmentSpec,
  runtime: FoundRuntime,
  folders: EnvironmentFolders,
  { region, now }: { region: string; now: Date },
): Record<string, string> {
  return {
    ...defaultVariables(runtime, folders),
    ...spec.variables,
    ...reserved(spec, runtime, folders, region),
    AWS_LAMBDA_LOG_STREAM_NAME: logStream(spec, now),
  }
}

/** Variables that the function's own may override. */
export function defaultVariables(runtime: FoundRuntime, folders: EnvironmentFolders): Record<string, string> {
  const isProvidedAl2 = runtime.identifier === 'provided.al2'
  const daemon = isProvidedAl2 ? '169.254.79.129' : '169.254.100.1'
  return {
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: searchPath(runtime, folders, isProvidedAl2),
    ...(folders.isMounted ? { LD_LIBRARY_PATH: libraryPath(isProvidedAl2) } : {}),
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: `${daemon}:2000`,
    _AWS_XRAY_DAEMON_ADDRESS: daemon,
    _AWS_XRAY_DAEMON_PORT: '2000',
    ...searchPaths(runtime, folders),
  }
}

/** AWS's. Where nothing can be put into `/var/lang`, the folder of the interpreter comes first. */
function searchPath(runtime: FoundRuntime, folders: EnvironmentFolders, isProvidedAl2: boolean): string {
  const own = folders.isMounted ? undefined : interpreterFolder(runtime)
  const isListed = own === undefined || systemPaths.includes(own)
  const lang = isProvidedAl2 ? [] : ['/var/lang/bin']
  return [...(isListed ? [] : [own]), ...lang, '/usr/local/bin:/usr/bin/:/bin', `${folders.layers}/bin`].join(':')
}

function libraryPath(isProvidedAl2: boolean): string {
  const lang = isProvidedAl2 ? '' : '/var/lang/lib:'
  return `${lang}/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib`
}

/** Search paths of the language for packages: layers, runtime, function (reference 2.9 and 4.2). */
function searchPaths({ family, version }: FoundRuntime, folders: EnvironmentFolders): Record<string, string> {
  const { layers, runtimeDir, taskRoot } = folders
  switch (family) {
    case 'nodejs':
      return {
        NODE_PATH: [
          `${layers}/nodejs/node${version}/node_modules`,
          `${layers}/nodejs/node_modules`,
          `${runtimeDir}/node_modules`,
          runtimeDir,
          taskRoot,
        ].join(':'),
      }
    case 'python':
      return { PYTHONPATH: pythonPath(folders, version), ...(isAtLeast312(version) ? { LC_CTYPE: 'C.UTF-8' } : {}) }
    case 'ruby':
      return {
        GEM_PATH: `${taskRoot}/vendor/bundle/ruby/${version}.0:${layers}/ruby/gems/${version}.0`,
        RUBYLIB: `${taskRoot}:${runtimeDir}/lib:${layers}/ruby/lib`,
      }
    case 'provided':
      return {}
  }
}

/** Whether the environment was initialised before its first event. */
export function isPreinitialised({ variables }: { readonly variables: Readonly<Record<string, string>> }): boolean {
  return aheadTypes.includes(variables[initializationType] ?? '')
}

/** Mounted layer folders are known to the runtime client for Python. */
function pythonPath({ runtimeDir, layers, isMounted }: EnvironmentFolders, version: string): string {
  const own = isMounted ? [] : [`${layers}/python/lib/python${version}/site-packages`, `${layers}/python`]
  return [runtimeDir, ...own].join(':')
}

function isAtLeast312(version: string): boolean {
  return Number(version.split('.')[1]) >= 12
}

function reserved(spec: EnvironmentSpec, runtime: FoundRuntime, folders: EnvironmentFolders, region: string) {
  return {
    _HANDLER: spec.handler,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    ...(runtime.family === 'provided' ? {} : managed(runtime, folders)),
    AWS_LAMBDA_FUNCTION_NAME: spec.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: spec.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    [initializationType]:
      spec.initializationType ?? (spec.isProvisioned === true ? 'provisioned-concurrency' : 'on-demand'),
    AWS_LAMBDA_LOG_GROUP_NAME: spec.logGroup,
    ...(spec.logLevels && { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: spec.logLevels.application }),
    ...credentials(),
    ...temporaryVariables(folders),
    LAMBDA_TASK_ROOT: folders.taskRoot,
    LAMBDA_RUNTIME_DIR: folders.runtimeDir,
  }
}

/** The folder for temporary files, if not `/tmp`. */
export function temporaryVariables({ temporary }: EnvironmentFolders): Readonly<Record<string, string>> {
  return temporary === undefined ? {} : { TMPDIR: temporary }
}

/** AWS starts these runtimes from a shell, which sets these variables. */
function managed({ identifier }: FoundRuntime, { taskRoot }: EnvironmentFolders): Record<string, string> {
  return { AWS_EXECUTION_ENV: `AWS_Lambda_${identifier}`, PWD: taskRoot, SHLVL: '0' }
}

/** Well-formed placeholders of this environment: AWS SDKs in the function sign with them, but no account accepts them. */
function credentials(): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: `ASIA${Array.from(randomBytes(16), (byte) => keyDigits[byte % keyDigits.length]).join('')}`,
    AWS_SECRET_ACCESS_KEY: randomBytes(30).toString('base64'),
    AWS_SESSION_TOKEN: `kubelambda/placeholder/${randomBytes(96).toString('base64')}`,
  }
}

const keyDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A custom group's streams carry the function's name (reference 4.6). */
function logStream({ functionName, version, logGroup }: EnvironmentSpec, now: Date): string {
  const day = now.toISOString().slice(0, 10).replaceAll('-', '/')
  const owner = logGroup === `/aws/lambda/${functionName}` ? '' : functionName
  return `${day}/${owner}[${version}]${randomBytes(16).toString('hex')}`
}
