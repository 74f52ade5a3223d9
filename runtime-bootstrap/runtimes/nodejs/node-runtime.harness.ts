import { afterEach } from '@jest/globals'
import type { Assignment } from '../../protocol/protocol.ts'
import { supervise, variablesOf, type Supervised } from '../../supervisor/supervisor.harness.ts'

/** Environments with the Node.js runtime, for one test file: each is shut down after its test. */
const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

/** Shuts the environment down after the test. */
export function untilTestEnds(environment: Supervised): Supervised {
  started.push(environment)
  return environment
}

/** Starts a function of these files, or of this `index.js`. */
export async function start(files: string | Record<string, string>, handler = 'index.handler', variables = {}) {
  const environment = untilTestEnds(await supervise(typeof files === 'string' ? { 'index.js': files } : files))
  const all = { ...variablesOf(environment.folder), _HANDLER: handler, ...variables }
  environment.assign({ variables: all } satisfies Partial<Assignment>)
  return environment
}

/** The variable by which a function's runtime is Node.js 24. */
export const node24 = { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' }

/** The response of the function to one event. */
export async function answerOf(
  files: string | Record<string, string>,
  event = '{}',
  handler?: string,
): Promise<string> {
  return (await (await start(files, handler)).invoke({ event })).payload
}
