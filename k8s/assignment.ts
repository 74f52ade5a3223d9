import { runtimeFamily, runtimeVersionOf } from '../api/environments/runtime-family.ts'
import { RuntimeUnavailable, type EnvironmentSpec } from '../api/environments/driver.ts'
import { runtimeVariables, type Places } from '../api/environments/variables.ts'
import type { Assignment } from '../runtime-bootstrap/protocol.ts'

const initTimeoutMs = 10_000
const places: Places = { taskRoot: '/var/task', runtimeDir: '/var/runtime', layers: '/opt', isMounted: true }

/** What an environment in a pod is told. Every runtime image has a `bootstrap` where AWS's have it. */
export function assignmentOf(spec: EnvironmentSpec, home: { accountId: string; region: string }): Assignment {
  const runtime = runtimeFamily(spec.runtime)
  if (runtime === undefined) throw new RuntimeUnavailable(`Runtime ${spec.runtime} is not supported in pods`)
  const { region, accountId } = home
  const runtimeVersion = runtimeVersionOf(runtime, region)
  return {
    key: spec.key,
    functionName: spec.functionName,
    functionVersion: spec.version,
    handler: spec.handler,
    accountId,
    memoryMb: spec.memoryMb,
    timeoutMs: spec.timeoutMs,
    initTimeoutMs,
    runtimeVersion: runtimeVersion.version,
    runtimeVersionArn: runtimeVersion.arn,
    codeFolder: places.taskRoot,
    layerFolder: places.layers,
    command: runtime.family === 'provided' ? [] : ['/var/runtime/bootstrap'],
    variables: runtimeVariables(spec, runtime, places, { region, now: new Date() }),
  }
}
