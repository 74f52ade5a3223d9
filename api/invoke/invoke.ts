import { accountConcurrencyExceeded, invalidRuntime, recursiveInvocation } from '../errors.ts'
import { CapacityExhausted, RuntimeUnavailable } from '../environments/driver/driver.ts'
import { EnvironmentLost } from '../environments/environment/environment-lost.ts'
import type { Invocation, InvocationResult } from '../environments/environment/invocation.ts'
import type { Scheduler } from '../environments/scheduling/scheduler.ts'
import type { Catalogue } from '../functions/catalogue/catalogue.ts'
import type { FunctionReference } from '../functions/function/name.ts'
import { resolveVersion, type ResolvedVersion } from '../functions/versions/resolve.ts'
import { environmentSpec } from '../environments/scheduling/environment-spec.ts'
import { advanceLineage, maxCallsInChain } from './lineage.ts'
import { RunLost } from './run-lost.ts'
import { requireTenant } from './tenant.ts'
import { streamAnswer, type StreamedAnswer } from './streamed-answer.ts'

/** A request for one invocation with a validated event. */
export interface InvokeRequest {
  readonly reference: FunctionReference
  readonly requestId: string
  readonly payload: Uint8Array
  readonly tail: boolean
  readonly traceId: string
  /** JSON text, decoded. */
  readonly clientContext?: string
  /** The tenant, for a function with tenant isolation. */
  readonly tenantId?: string
  /** Set for an asynchronous event. */
  readonly isEvent?: true
}

export interface InvokeAnswer extends InvocationResult {
  /** `$LATEST` or the number that ran, also behind an alias. */
  readonly executedVersion: string
}

export interface InvokeStreamedAnswer extends StreamedAnswer {
  readonly executedVersion: string
}

export interface InvokeDependencies {
  readonly catalogue: Pick<Catalogue, 'find' | 'findVersion'>
  readonly scheduler: Scheduler
  readonly accountId: string
  readonly region: string
  /** A number from 0 to 1, which decides between the two versions of a weighted alias. */
  readonly random: () => number
}

export interface Invoke {
  /** Resolves the version that would run now; rejects for unknown functions and qualifiers, and for functions that are not ready. */
  resolve(reference: FunctionReference): Promise<ResolvedVersion>
  /** Runs one invocation and returns the function's response. */
  run(request: InvokeRequest): Promise<InvokeAnswer>
  /** The same with a response that can be read while the function writes it; also for functions that do not stream. */
  stream(request: InvokeRequest): Promise<InvokeStreamedAnswer>
}

/**
 * Runs one invocation and returns the function's response.
 *
 * 1. resolve   name and qualifier to a version       ../functions/versions/resolve.ts
 * 2. lease     a warm environment or a cold start    ../environments/scheduling/scheduler.ts
 * 3. run       send the event, return the response   ../environments/environment/environment.ts, streamed-answer.ts
 */
export function createInvoke(dependencies: InvokeDependencies): Invoke {
  const { scheduler } = dependencies
  const resolve = (reference: FunctionReference) => resolveVersion(dependencies, reference)
  return {
    resolve,
    async run(request) {
      const resolved = await resolve(request.reference)
      const { spec, invocation } = planOf(request, resolved)
      const { version: executedVersion } = resolved.version
      const result = await scheduler.run(spec, invocation).catch((error: unknown) => {
        if (error instanceof EnvironmentLost && !error.neverReached && !error.byServer)
          throw new RunLost(error, executedVersion)
        return explain(error)
      })
      return { ...result, executedVersion }
    },
    async stream(request) {
      const resolved = await resolve(request.reference)
      const { spec, invocation } = planOf(request, resolved)
      const answer = await streamAnswer((sink) => scheduler.run(spec, { ...invocation, sink })).catch(explain)
      return { ...answer, executedVersion: resolved.version.version }
    },
  }
}

/** The environment and the invocation for a request; stops recursive loops. */
function planOf(request: InvokeRequest, { record, version, invokedArn }: ResolvedVersion) {
  const { requestId, payload, tail, traceId, clientContext, tenantId, isEvent } = request
  requireTenant(version, tenantId)
  const context = {
    ...(clientContext && { clientContext }),
    ...(tenantId && { tenantId }),
    ...(isEvent && { isEvent }),
  }
  const { header, callsBefore } = advanceLineage(traceId, invokedArn)
  if (callsBefore >= maxCallsInChain && record.recursiveLoop !== 'Allow') throw recursiveInvocation()
  const invocation: Invocation = { requestId, payload, tail, traceId: header, functionArn: invokedArn, ...context }
  return { spec: environmentSpec(record, version, tenantId), invocation }
}

/** To callers, a cluster without capacity is like an account without concurrency: they retry later. */
function explain(error: unknown): never {
  if (error instanceof CapacityExhausted) throw accountConcurrencyExceeded()
  throw error instanceof RuntimeUnavailable ? invalidRuntime(error.message) : error
}
