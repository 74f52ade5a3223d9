import { accountConcurrencyExceeded, invalidRuntime, recursiveInvocation } from '../errors.ts'
import { CapacityExhausted, RuntimeUnavailable } from '../environments/driver/driver.ts'
import type { Invocation, InvocationResult } from '../environments/environment/invocation.ts'
import type { Scheduler } from '../environments/scheduling/scheduler.ts'
import type { Catalogue } from '../functions/catalogue/catalogue.ts'
import type { FunctionReference } from '../functions/function/name.ts'
import { resolveVersion, type ResolvedVersion } from '../functions/versions/resolve.ts'
import { environmentSpec } from '../environments/scheduling/environment-spec.ts'
import { advanceLineage, mostCallsInChain } from './lineage.ts'
import { requireTenant } from './tenant.ts'
import { streamAnswer, type StreamedAnswer } from './streamed-answer.ts'

/** One invocation as asked for, its event already checked. */
export interface InvokeRequest {
  readonly reference: FunctionReference
  readonly requestId: string
  readonly payload: Uint8Array
  readonly tail: boolean
  readonly traceId: string
  /** JSON text, decoded. */
  readonly clientContext?: string
  /** Whose event it is, for a function that keeps tenants apart. */
  readonly tenantId?: string
  /** An asynchronous event, whose answer nobody waits for. */
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
  /** Names the version that would run now; unknown functions and qualifiers, and functions that are not ready, are errors. */
  resolve(reference: FunctionReference): Promise<ResolvedVersion>
  /** Runs one invocation and answers what the function answered. */
  run(request: InvokeRequest): Promise<InvokeAnswer>
  /** The same, with an answer that can be read while the function writes it; also for functions that do not stream. */
  stream(request: InvokeRequest): Promise<InvokeStreamedAnswer>
}

/**
 * Runs one invocation and answers what the function answered.
 *
 * 1. resolve   name and qualifier to a version                 ../functions/resolve.ts
 * 2. lease     a warm environment or a cold start              ../environments/scheduler.ts
 * 3. run       the event there, the answer back                ../environments/environment.ts, streamed-answer.ts
 */
export function createInvoke(dependencies: InvokeDependencies): Invoke {
  const { scheduler } = dependencies
  const resolve = (reference: FunctionReference) => resolveVersion(dependencies, reference)
  return {
    resolve,
    async run(request) {
      const resolved = await resolve(request.reference)
      const { spec, invocation } = planOf(request, resolved)
      const result = await scheduler.run(spec, invocation).catch(explain)
      return { ...result, executedVersion: resolved.version.version }
    },
    async stream(request) {
      const resolved = await resolve(request.reference)
      const { spec, invocation } = planOf(request, resolved)
      const answer = await streamAnswer((sink) => scheduler.run(spec, { ...invocation, sink })).catch(explain)
      return { ...answer, executedVersion: resolved.version.version }
    },
  }
}

/** Where a request runs, and what is sent there; a chain of calls that goes in circles is stopped. */
function planOf(request: InvokeRequest, { record, version, invokedArn }: ResolvedVersion) {
  const { requestId, payload, tail, traceId, clientContext, tenantId, isEvent } = request
  requireTenant(version, tenantId)
  const context = {
    ...(clientContext && { clientContext }),
    ...(tenantId && { tenantId }),
    ...(isEvent && { isEvent }),
  }
  const { header, callsBefore } = advanceLineage(traceId, invokedArn)
  if (callsBefore >= mostCallsInChain && record.recursiveLoop !== 'Allow') throw recursiveInvocation()
  const invocation: Invocation = { requestId, payload, tail, traceId: header, functionArn: invokedArn, ...context }
  return { spec: environmentSpec(record, version, tenantId), invocation }
}

/** A cluster without room is to callers what an account without concurrency is: they try again later. */
function explain(error: unknown): never {
  if (error instanceof CapacityExhausted) throw accountConcurrencyExceeded()
  throw error instanceof RuntimeUnavailable ? invalidRuntime(error.message) : error
}
