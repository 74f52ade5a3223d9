import { matchesPattern, parsePattern, type Pattern } from './pattern.ts'
import { isObject, parseExactly } from './exact-json.ts'

/** The key that holds the data of a source's records, and how data is treated whose format is not that of the pattern. */
export interface FilteredData {
  readonly key: 'body' | 'data' | 'dynamodb' | 'value' | 'redisStream'
  /** If set, such records are matched by their other keys (Kafka and MQ); otherwise they are dropped (reference 8.6). */
  readonly fallsBackToMetadata?: boolean
}

/**
 * Whether the function wants a record: `data` is text, an object, or bytes that are not text; `record` holds the other keys.
 */
export type Filter = (record: object, data: string | object) => boolean

/** Creates the filter for a mapping's patterns. A record passes if it matches one of them, or if there are none. */
export function createFilter(patterns: readonly string[], data: FilteredData): Filter {
  if (patterns.length === 0) return () => true
  const compiled = patterns.map(parsePattern)
  return (record, content) => {
    const parsed = typeof content === 'string' ? readData(content) : isBytes(content) ? undefined : exactCopy(content)
    const value = { ...(exactCopy(record) as object), [data.key]: parsed }
    return compiled.some((pattern) => matchesPattern(forData(pattern, parsed, data), value))
  }
}

function readData(text: string): unknown {
  try {
    const parsed = parseExactly(text)
    return isObject(parsed) || Array.isArray(parsed) ? parsed : text
  } catch {
    return text
  }
}

function exactCopy(value: object): unknown {
  return parseExactly(JSON.stringify(value))
}

function isBytes(content: object): content is Uint8Array {
  return content instanceof Uint8Array
}

/** The pattern for data of this format. Bytes that are not text have none. */
function forData(pattern: Pattern, parsed: unknown, { key, fallsBackToMetadata = false }: FilteredData): Pattern {
  const asked = pattern.members.get(key)
  if (!fallsBackToMetadata || asked === undefined) return pattern
  const isJson = typeof parsed !== 'string'
  if (parsed !== undefined && isJson === 'members' in asked) return pattern
  return { ...pattern, members: new Map([...pattern.members].filter(([name]) => name !== key)) }
}
