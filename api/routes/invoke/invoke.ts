import { invalidRequestContent } from '../../errors.ts'
import type { Dispatcher } from '../../events/dispatching/dispatcher.ts'
import { parseFunctionName, type FunctionReference } from '../../functions/function/name.ts'
import type { Invoke, InvokeAnswer, InvokeRequest } from '../../invoke/invoke.ts'
import { checkLargePayload, checkPayload, maxInvokeAsyncBytes } from '../../invoke/payload.ts'
import { requireTenant } from '../../invoke/tenant.ts'
import { answeredTrace, traceHeader } from '../../invoke/trace-header.ts'
import { largeBytes, type BodyThread } from '../http/bodies/body-thread.ts'
import { Answer, type Handlers, type Input, type RequestContext } from '../http/handler.ts'

export interface InvokeRoutesDependencies {
  readonly invoke: Invoke
  readonly dispatcher: Pick<Dispatcher, 'accept'>
  readonly accountId: string
  readonly region: string
  readonly now: () => number
  /** Checks large events; without it all are checked on the event loop. */
  readonly bodyThread?: BodyThread
}

/** Invoke: the answer of the function, 202 once an event is stored, or 204 when a dry run would run. InvokeAsync: as an event. */
export function invokeRoutes(dependencies: InvokeRoutesDependencies): Handlers {
  const { invoke, dispatcher, now } = dependencies

  async function accept(request: InvokeRequest): Promise<Answer> {
    const resolved = await invoke.resolve(request.reference)
    requireTenant(resolved.version, request.tenantId)
    await dispatcher.accept({
      id: request.requestId,
      functionName: resolved.record.name,
      functionArn: resolved.invokedArn,
      payload: request.payload,
      traceId: request.traceId,
      acceptedMs: now(),
      ...(request.reference.qualifier === undefined ? {} : { qualifier: request.reference.qualifier }),
      ...(request.clientContext === undefined ? {} : { clientContext: request.clientContext }),
      ...(request.tenantId === undefined ? {} : { tenantId: request.tenantId }),
    })
    return new Answer({}, { status: 202, headers: headersOf(request) })
  }

  return {
    async Invoke(input: Input, context: RequestContext) {
      const type = input['InvocationType'] ?? 'RequestResponse'
      if (type === 'DryRun') {
        await invoke.resolve(referenceOf(input, dependencies))
        return new Answer({}, { status: 204 })
      }
      const request = await checkedRequest(input, context, dependencies)
      return type === 'Event' ? accept(request) : answer(request, await invoke.run(request))
    },

    async InvokeAsync({ InvokeArgs: event, ...input }: Input, context: RequestContext) {
      const payload = checkPayload(Buffer.isBuffer(event) ? event : Buffer.alloc(0), 'Event', maxInvokeAsyncBytes)
      const request = invokeRequest({ ...input, Payload: payload, InvocationType: 'Event' }, context, dependencies)
      await accept(request)
      return { Status: 202 }
    },
  }
}

/** The function that a request names. */
export function referenceOf(
  input: Input,
  home: Pick<InvokeRoutesDependencies, 'accountId' | 'region'>,
): FunctionReference {
  return parseFunctionName(String(input['FunctionName']), optional(input['Qualifier']), home)
}

/** `invokeRequest`, whose event is checked elsewhere than on the event loop when it is large. */
export function checkedRequest(
  input: Input,
  context: RequestContext,
  dependencies: Pick<InvokeRoutesDependencies, 'accountId' | 'region' | 'now' | 'bodyThread'>,
): InvokeRequest | Promise<InvokeRequest> {
  const { bodyThread } = dependencies
  const payload = payloadOf(input)
  if (bodyThread === undefined || payload.length <= largeBytes) return invokeRequest(input, context, dependencies)
  referenceOf(input, dependencies)
  const checked = checkLargePayload(payload, typeOf(input), (event) => bodyThread.faultOf(event))
  return checked.then(() => invokeRequest(input, context, dependencies, payload))
}

/** The request of Invoke and similar operations; throws for an event that cannot be sent. */
function invokeRequest(
  input: Input,
  context: RequestContext,
  dependencies: Pick<InvokeRoutesDependencies, 'accountId' | 'region' | 'now'>,
  checkedPayload?: Buffer,
): InvokeRequest {
  return {
    reference: referenceOf(input, dependencies),
    requestId: context.requestId,
    payload: checkedPayload ?? checkPayload(payloadOf(input), typeOf(input)),
    traceId: traceHeader(header(context, 'x-amzn-trace-id'), dependencies.now()),
    tail: input['LogType'] === 'Tail',
    ...clientContext(input),
    ...(typeof input['TenantId'] === 'string' ? { tenantId: input['TenantId'] } : {}),
  }
}

function answer(request: InvokeRequest, result: InvokeAnswer): Answer {
  const output = {
    Payload: result.payload,
    FunctionError: result.functionError,
    LogResult: result.logTail,
    ExecutedVersion: result.executedVersion,
  }
  return new Answer(output, { headers: headersOf(request) })
}

function headersOf(request: InvokeRequest): Record<string, string> {
  return { 'x-amzn-remapped-content-length': '0', 'x-amzn-trace-id': answeredTrace(request.traceId) }
}

function typeOf(input: Input): 'Event' | 'RequestResponse' {
  return input['InvocationType'] === 'Event' ? 'Event' : 'RequestResponse'
}

function payloadOf(input: Input): Buffer {
  return Buffer.isBuffer(input['Payload']) ? input['Payload'] : Buffer.alloc(0)
}

function optional(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function header(context: RequestContext, name: string): string | undefined {
  const value = Object.hasOwn(context.headers, name) ? context.headers[name] : undefined
  return typeof value === 'string' ? value : undefined
}

/** The client context as JSON text; throws if it is not base64 of JSON. */
function clientContext(input: Input): { clientContext?: string } {
  const encoded = optional(input['ClientContext'])
  if (encoded === undefined || encoded === '') return {}
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  try {
    JSON.parse(text)
  } catch {
    throw invalidRequestContent('Client context must be a valid Base64-encoded JSON object.')
  }
  return { clientContext: text }
}
