import { invalidParameterValue } from '../../errors.ts'

const reservedKeys = new Set([
  ...['_HANDLER', '_X_AMZN_TRACE_ID', 'AWS_DEFAULT_REGION', 'AWS_REGION', 'AWS_EXECUTION_ENV'],
  ...['AWS_LAMBDA_FUNCTION_NAME', 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE', 'AWS_LAMBDA_FUNCTION_VERSION'],
  ...['AWS_LAMBDA_INITIALIZATION_TYPE', 'AWS_LAMBDA_LOG_GROUP_NAME', 'AWS_LAMBDA_LOG_STREAM_NAME'],
  ...['AWS_ACCESS_KEY', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_LAMBDA_RUNTIME_API'],
  ...['LAMBDA_TASK_ROOT', 'LAMBDA_RUNTIME_DIR', 'AWS_LAMBDA_MAX_CONCURRENCY', 'AWS_LAMBDA_METADATA_API'],
  'AWS_LAMBDA_METADATA_TOKEN',
])
const maxBytes = 4096
const refusal =
  'Lambda was unable to configure your environment variables because the environment variables you have provided'

/** Refuses reserved variables, and more than 4 KB of variables as JSON (reference 2.5). */
export function checkVariables(variables: Readonly<Record<string, string>>): void {
  const taken = Object.keys(variables).filter((key) => reservedKeys.has(key))
  if (taken.length > 0) {
    throw invalidParameterValue(
      `${refusal} contains reserved keys that are currently not supported for modification. ` +
        `Reserved keys used in this request: ${taken.join(', ')}`,
    )
  }
  const measured = JSON.stringify(variables)
  if (Buffer.byteLength(measured) > maxBytes) {
    throw invalidParameterValue(`${refusal} exceeded the 4KB limit. String measured: ${measured}`)
  }
}
