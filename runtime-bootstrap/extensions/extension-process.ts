import { startProcessGroup, type ProcessGroup } from '../processes/process-group.ts'
import { functionVariables, type RuntimeProcessOptions } from '../processes/runtime-process.ts'

/** Variables that on AWS only the runtime has, from AWS or from the shell that starts it (reference 4.2). */
const runtimeOnlyVariables = new Set([
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_XRAY_CONTEXT_MISSING',
  'AWS_XRAY_DAEMON_ADDRESS',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
  'PWD',
  'SHLVL',
  '_AWS_XRAY_DAEMON_ADDRESS',
  '_AWS_XRAY_DAEMON_PORT',
  '_HANDLER',
])

/** Starts one external extension; `folder` is where the extensions are. */
export function startExtensionProcess(name: string, folder: string, options: RuntimeProcessOptions): ProcessGroup {
  const { assignment, output, onExit } = options
  const variables = Object.entries(functionVariables(options)).filter(
    ([variable]) => !runtimeOnlyVariables.has(variable),
  )
  return startProcessGroup({
    command: [`${folder}/${name}`],
    folder: '/',
    variables: Object.fromEntries(variables),
    user: assignment.user,
    output,
    displayPath: `/opt/extensions/${name}`,
    isOwnFile: true,
    onExit,
  })
}
