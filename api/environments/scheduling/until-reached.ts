import { EnvironmentLost } from '../environment/environment-lost.ts'
import type { InvocationResult } from '../environment/invocation.ts'

/** How often an event that never arrived is sent to another environment: others that died are noticed meanwhile. */
const maxLosses = 2

/** Runs an event, and again while its environment is lost before it arrived. If the function is the cause each time, it is its error. */
export async function untilReached(run: () => Promise<InvocationResult>): Promise<InvocationResult> {
  for (let losses = 0; ; losses++) {
    try {
      return await run()
    } catch (error) {
      if (!(error instanceof EnvironmentLost)) throw error
      if (losses < maxLosses && error.neverReached) continue
      if (error.result === undefined) throw error
      return error.result
    }
  }
}
