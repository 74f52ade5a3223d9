import { assignmentOf } from '../../api/environments/driver/assignment.ts'
import { runtimeFamily } from '../../api/environments/driver/runtime-family.ts'
import { RuntimeUnavailable, type EnvironmentSpec } from '../../api/environments/driver/driver.ts'
import { defaultVariables, type EnvironmentFolders } from '../../api/environments/driver/variables.ts'
import { unsupportedRuntime } from './pod-shape.ts'
import type { Assignment } from '../../runtime-bootstrap/protocol/protocol.ts'
import type { StandbyCommand } from '../../runtime-bootstrap/protocol/standby-command.ts'

const folders: EnvironmentFolders = {
  taskRoot: '/var/task',
  runtimeDir: '/var/runtime',
  layers: '/opt',
  isMounted: true,
}

/** Every runtime image has it where AWS's have it. */
const bootstrap = ['/var/runtime/bootstrap']

/**
 * The runtime that waits in a pod until the pod is a function's; AWS's images have none. It is started as for the newest version:
 * a function of an older one whose variables differ in what counts has its own started (`standby.ts`). Its script has the memory
 * size from a variable, as the function's bootstrap has.
 */
export function podStandby(family: string, memoryMb: number): StandbyCommand | undefined {
  const newest = { nodejs: 'nodejs24.x', python: 'python3.14', ruby: 'ruby3.4' }[family]
  const runtime = newest === undefined ? undefined : runtimeFamily(newest)
  if (runtime === undefined) return undefined
  const variables = { ...defaultVariables(runtime, folders), AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb) }
  return { command: ['/var/runtime/standby'], standsFor: bootstrap, variables }
}

/** What an environment in a pod is told. */
export function podAssignment(spec: EnvironmentSpec, home: { accountId: string; region: string }): Assignment {
  const runtime = runtimeFamily(spec.imageUri === undefined ? spec.runtime : 'provided.al2023')
  if (runtime === undefined) throw unsupportedRuntime(spec.runtime)
  const { accountId, region } = home
  const command = runtime.family === 'provided' ? [] : bootstrap
  const assigned = assignmentOf(spec, { accountId, region, runtime, folders, command })
  const own = { ...assigned, key: spec.key, layerFolder: folders.layers }
  return spec.imageUri === undefined ? own : { ...own, ...imageAssignment(spec, assigned.variables) }
}

/** The entry point of AWS's base images. */
const usualEntryPoint = ['/lambda-entrypoint.sh']
/** What an image says about these holds, unless the function's configuration does. */
const imagesOwn = ['PATH', 'LD_LIBRARY_PATH', 'LANG', 'TZ']

/** What an image starts by itself cannot be seen in a pod: its registry or the function's configuration has to say it. */
function imageAssignment({ imageConfig, variables: own }: EnvironmentSpec, variables: Assignment['variables']) {
  const { entryPoint, command, workingDirectory } = imageConfig ?? {}
  const isKnown = entryPoint !== undefined || command !== undefined
  const start = isKnown ? [...(entryPoint ?? usualEntryPoint), ...(command ?? [])] : []
  if (start.length === 0) {
    throw new RuntimeUnavailable(
      "The image's start command is not known, as its registry does not tell the server: set ImageConfig.Command, and " +
        "EntryPoint unless it is AWS's. The server's log says what the registry answers",
    )
  }
  const kept = Object.entries(variables).filter(([name]) => !imagesOwn.includes(name) || Object.hasOwn(own, name))
  // Without a handler of its own an image has its first argument for one (reference 4.3).
  const handler = command?.[0] ?? ''
  return {
    handler,
    command: start,
    codeFolder: workingDirectory ?? '.',
    variables: { ...Object.fromEntries(kept), _HANDLER: handler },
    isImage: true as const,
  }
}
