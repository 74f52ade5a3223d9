import type { StreamEntry } from './entry-stream.ts'
import { isUtf8 } from 'node:buffer'
import type { StreamRecord } from '../batches/stream-record.ts'

type Text = (bytes: Buffer) => string

/**
 * One record of the event for a function, modelled on that of Kinesis. A field that occurs twice has a list of values. If a
 * name or value is not text, all of the entry's are base64, and `isBase64Encoded` is true.
 */
export function redisRecord(entry: StreamEntry, key: string, streamArn: string): StreamRecord {
  const { id, fields } = entry
  const arrivedMs = Number(id.split('-')[0])
  const isText = fields.every((pair) => pair.every((bytes) => isUtf8(bytes)))
  const textOf: Text = (bytes) => bytes.toString(isText ? 'utf8' : 'base64')
  const approximateArrivalTimestamp = arrivedMs / 1000
  const about = { stream: key, id, approximateArrivalTimestamp, isBase64Encoded: !isText }
  return {
    sequenceNumber: id,
    arrivedMs,
    orderKey: key,
    data: filteredText(about, valuesByName(entry, textOf)),
    event: {
      redisStream: { ...about, fields: fieldsOf(valuesByName(entry, textOf)) },
      eventSource: 'kubelambda:redis-streams',
      eventVersion: '1.0',
      eventID: `${key}:${id}`,
      eventName: 'kubelambda:redis-streams:record',
      awsRegion: streamArn.split(':')[3] ?? '',
      eventSourceARN: streamArn,
    },
  }
}

function valuesByName({ fields }: StreamEntry, textOf: Text): Map<string, string[]> {
  const values = new Map<string, string[]>()
  for (const [name, value] of fields) {
    values.set(textOf(name), [...(values.get(textOf(name)) ?? []), textOf(value)])
  }
  return values
}

function fieldsOf(values: ReadonlyMap<string, readonly string[]>): object {
  return Object.fromEntries([...values].map(([name, all]) => [name, all.length === 1 ? all[0] : all]))
}

/**
 * The data that filters match: as in the event, but values that are JSON objects or lists are parsed, as in the body of a
 * message.
 */
function filteredText(about: object, values: ReadonlyMap<string, readonly string[]>): string {
  const fields = [...values].map(([name, all]) => {
    const texts = all.map((value) => (isJson(value) ? value : JSON.stringify(value)))
    return `${JSON.stringify(name)}:${texts.length === 1 ? texts.join('') : `[${texts.join()}]`}`
  })
  return `${JSON.stringify(about).slice(0, -1)},"fields":{${fields.join()}}}`
}

function isJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
