import { kinds, LambdaError } from '../../errors.ts'
import type { Home } from '../../functions/function/arn.ts'
import { parseFunctionName } from '../../functions/function/name.ts'
import type { Invoke } from '../../invoke/invoke.ts'
import { traceHeader } from '../../invoke/trace-header.ts'
import type { BatchRun, RunBatch } from '../polling/batch-run.ts'

export interface RunBatchParts extends Home {
  readonly invoke: Invoke
  readonly newId: () => string
  readonly now: () => number
  readonly warn: (line: string) => void
}

/** Creates the runner of batches for the function with this ARN. */
export function createRunBatch(functionArn: string, parts: RunBatchParts): RunBatch {
  const { invoke, newId, now } = parts
  const reference = parseFunctionName(functionArn, undefined, parts)
  const run = async (event: object, trace?: string): Promise<BatchRun> => {
    const requestId = newId()
    try {
      const payload = Buffer.from(JSON.stringify(event))
      const answer = await invoke.run({
        reference,
        requestId,
        payload,
        tail: false,
        traceId: traceHeader(trace, now()),
      })
      const { payload: answered, executedVersion, functionError } = answer
      const failure = functionError === undefined ? {} : { functionError }
      return { kind: 'ran', requestId, payload: answered, executedVersion, ...failure }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (!(error instanceof LambdaError)) parts.warn(`A batch for ${functionArn} could not be run: ${reason}`)
      const isLoop = error instanceof LambdaError && error.name === kinds.recursiveInvocation.name
      if (isLoop) parts.warn(`A batch for ${functionArn} is not run: ${reason}`)
      return { kind: 'refused', requestId, reason, isLoop }
    }
  }
  const target = async () => {
    try {
      const { timeoutSeconds, role } = (await invoke.resolve(reference)).version.settings
      return { timeoutSeconds, roleArn: role }
    } catch (error) {
      if (error instanceof LambdaError) return undefined
      throw error
    }
  }
  return Object.assign(run, { target })
}
