/** A number with the text it was written in: filters tell 300 from 300.0 (reference 8.6). */
export class WrittenNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown

const keepNumbers: Reviver = (_key, value, context) =>
  typeof value === 'number' ? new WrittenNumber(context.source ?? String(value)) : value

/**
 * Parses JSON and keeps numbers as written. Of duplicate keys the last one wins. Throws `SyntaxError` for text that is not
 * JSON.
 */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, keepNumbers as (this: unknown, key: string, value: unknown) => unknown)
}

/** Whether the value is a JSON object: neither a list nor a number. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof WrittenNumber)
}
