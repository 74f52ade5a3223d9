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

/** The bootstrap of every runtime image, at AWS's path. */
const bootstrap = ['/var/runtime/bootstrap']

/**
 * The runtime that starts in a generic pod and waits for its function; AWS's images have none. It starts as for the newest version:
 * a function of an older one with other relevant variables gets a new runtime process (`standby.ts`). Its script reads the memory
 * size from a variable, as the function's bootstrap does.
 */
export function podStandby(family: string, memoryMb: number): StandbyCommand | undefined {
  const newest = { nodejs: 'nodejs24.x', python: 'python3.14', ruby: 'ruby3.4' }[family]
  const runtime = newest === undefined ? undefined : runtimeFamily(newest)
  if (runtime === undefined) return undefined
  const variables = { ...defaultVariables(runtime, folders), AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb) }
  return { command: ['/var/runtime/standby'], standsFor: bootstrap, variables }
}

/** The assignment of an environment in a pod. */
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
/** The image's values of these variables apply, unless the function's configuration sets them. */
const imagesOwn = ['PATH', 'LD_LIBRARY_PATH', 'LANG', 'TZ']

/** A pod cannot see its image's start command: the registry or the function's configuration has to provide it. */
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
  // An image's handler is its first argument (reference 4.3).
  const handler = command?.[0] ?? ''
  return {
    handler,
    command: start,
    codeFolder: workingDirectory ?? '.',
    variables: { ...Object.fromEntries(kept), _HANDLER: handler },
    isImage: true as const,
  }
}
