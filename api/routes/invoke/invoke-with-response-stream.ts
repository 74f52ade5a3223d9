import { readableOf, type AnswerEnd, type StreamedAnswer } from '../../invoke/streamed-answer.ts'
import { answeredTrace } from '../../invoke/trace-header.ts'
import { encodeEvent, eventStreamType } from './event-stream.ts'
import { Answer, type Handlers, type Input, type RequestContext } from '../http/handler.ts'
import { checkedRequest, referenceOf, type InvokeRoutesDependencies } from './invoke.ts'

export type InvokeWithResponseStreamDependencies = Omit<InvokeRoutesDependencies, 'dispatcher'> & {
  /** Logs internal errors in the middle of a response, whose details the caller does not see. */
  readonly logError: (line: string, cause: unknown) => void
}

/** InvokeWithResponseStream: the response as events, each sent as soon as the function has written it. */
export function invokeWithResponseStreamRoutes(dependencies: InvokeWithResponseStreamDependencies): Handlers {
  const { invoke, logError } = dependencies
  return {
    async InvokeWithResponseStream(input: Input, context: RequestContext) {
      if (input['InvocationType'] === 'DryRun') {
        await invoke.resolve(referenceOf(input, dependencies))
        return new Answer({}, { status: 204 })
      }
      const request = await checkedRequest(input, context, dependencies)
      const answer = await invoke.stream(request)
      const stream = readableOf(answer, eventsOf)
      stream.once('error', (error) => logError(`The answer to request ${request.requestId} broke off`, error))
      return new Answer(
        { ExecutedVersion: answer.executedVersion, ResponseStreamContentType: eventStreamType },
        { headers: { 'x-amzn-trace-id': answeredTrace(request.traceId) }, stream },
      )
    },
  }
}

/** When the caller disconnects, reading ends; the function runs on. */
async function* eventsOf({ body, end }: StreamedAnswer): AsyncGenerator<Buffer> {
  for await (const bytes of body) yield encodeEvent('PayloadChunk', 'application/octet-stream', bytes as Buffer)
  yield encodeEvent('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(completionOf(await end))))
}

function completionOf({ error, logTail }: AnswerEnd) {
  return { ErrorCode: error?.code, ErrorDetails: error?.details, LogResult: logTail }
}
