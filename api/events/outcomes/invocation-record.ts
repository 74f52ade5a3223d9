import { advanceLineage } from '../../invoke/lineage.ts'
import { traceHeader } from '../../invoke/trace-header.ts'
import type { DestinationMessage } from './destination-message.ts'
import type { EventProgress, Outcome } from '../queue/event-progress.ts'
import type { TakenEvent } from '../queue/event-queue.ts'
import { latestVersion } from '../../functions/function/function.ts'

/** An event that has ended, with its outcome. */
export interface OverEvent extends TakenEvent {
  readonly progress: EventProgress & { readonly outcome: Outcome }
}

/** The message to a destination: AWS's record of the invocation (reference 6.2). */
export function recordMessage(event: OverEvent, targetArn: string): DestinationMessage {
  return { ...addressed(event, targetArn), body: recordOf(event) }
}

/** The message to a dead-letter target: the event itself, with the error in attributes (reference 6.3). */
export function deadLetterMessage(event: OverEvent, targetArn: string): DestinationMessage {
  const { statusCode, message } = event.progress.outcome
  const attributes = {
    requestId: event.id,
    errorCode: statusCode,
    ...(message === undefined ? {} : { errorMessage: message }),
  }
  return { ...addressed(event, targetArn), body: textOf(event.payload), attributes }
}

function addressed(event: OverEvent, targetArn: string): Omit<DestinationMessage, 'body'> {
  const { condition, endedMs } = event.progress.outcome
  return {
    targetArn,
    eventId: event.id,
    functionName: event.functionName,
    functionArn: qualifiedArn(event),
    isSuccess: condition === 'Success',
    endedMs,
    traceHeader: advanceLineage(traceHeader(event.traceId, event.acceptedMs), event.functionArn).header,
  }
}

/** Embeds JSON payloads verbatim, so that no number or key changes. */
function recordOf(event: OverEvent): string {
  const { runs, lastRun, outcome } = event.progress
  const requestContext = {
    requestId: event.id,
    functionArn: qualifiedArn(event),
    condition: outcome.condition,
    approximateInvokeCount: runs,
  }
  const members = [
    `"version":"1.0"`,
    `"timestamp":${JSON.stringify(new Date(outcome.endedMs).toISOString())}`,
    `"requestContext":${JSON.stringify(requestContext)}`,
    `"requestPayload":${jsonOf(event.payload)}`,
  ]
  if (lastRun !== undefined) {
    const { executedVersion, functionError } = lastRun
    const responseContext = { statusCode: 200, executedVersion, functionError }
    members.push(`"responseContext":${JSON.stringify(responseContext)}`)
    members.push(`"responsePayload":${jsonOf(event.answer ?? new Uint8Array())}`)
  }
  return `{${members.join(',')}}`
}

function qualifiedArn({ functionArn, qualifier }: TakenEvent): string {
  return qualifier === undefined ? `${functionArn}:${latestVersion}` : functionArn
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/** A JSON payload verbatim, any other as a JSON string. */
function jsonOf(bytes: Uint8Array): string {
  const text = textOf(bytes)
  try {
    JSON.parse(text)
    return text
  } catch {
    return JSON.stringify(text)
  }
}
