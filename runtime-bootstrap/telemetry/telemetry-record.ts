import type { PlatformEvent } from '../platform/platform-events.ts'
import type { SubscriptionRequest, TelemetryType } from '../runtime-api/extensions/subscription-request.ts'

/** One record, as each kind of subscriber gets it. */
export interface TelemetryRecord {
  readonly type: TelemetryType
  /** The event type of a platform record. */
  readonly event?: string
  /** JSON. */
  readonly text: string
  /** The same with a line that is a JSON object as one, which older versions of the schema do not have. */
  readonly structured?: string
}

export function platformRecord({ type, record }: Pick<PlatformEvent, 'type' | 'record'>, now: Date): TelemetryRecord {
  return { type: 'platform', event: type, text: JSON.stringify({ time: now.toISOString(), type, record }) }
}

/** A line that a process wrote, without its end. */
export function lineRecord(
  type: 'function' | 'extension',
  line: string,
  now: Date,
  isJsonLog: boolean,
): TelemetryRecord {
  const time = now.toISOString()
  const text = JSON.stringify({ time, type, record: line })
  if (!isJsonLog || !isJsonObject(line)) return { type, text }
  return { type, text, structured: `{"time":"${time}","type":"${type}","record":${line}}` }
}

/** What a subscriber gets for a record: nothing, or JSON texts. */
export function textsFor(record: TelemetryRecord, request: SubscriptionRequest): readonly string[] {
  if (!request.types.includes(record.type)) return []
  if (request.api === 'logs') return logsTexts(record, request.schemaVersion)
  return [request.schemaVersion === '2022-07-01' ? record.text : (record.structured ?? record.text)]
}

/** Records of the older Logs API, which has the end of an invocation and faults but no initialisation. */
function logsTexts({ event, text }: TelemetryRecord, schemaVersion: string): readonly string[] {
  if (event === undefined) return [text]
  if (event.startsWith('platform.init')) return []
  if (event !== 'platform.runtimeDone' && event !== 'platform.report') return [text]
  const { time, record } = JSON.parse(text) as { time: string; record: { requestId: string; status: string } }
  const { requestId, status } = record
  if (event === 'platform.report') return [JSON.stringify({ time, type: 'platform.end', record: { requestId } }), text]
  const fault = `RequestId: ${requestId} Process exited before completing request`
  return [
    ...(schemaVersion === '2021-03-18' ? [text] : []),
    ...(status === 'error' ? [JSON.stringify({ time, type: 'platform.fault', record: fault })] : []),
  ]
}

function isJsonObject(line: string): boolean {
  if (!line.startsWith('{')) return false
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}
