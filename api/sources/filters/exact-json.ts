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

/** Reads JSON with its numbers as written; of keys given twice the last one holds. Text that is not JSON is a `SyntaxError`. */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, keepNumbers as (this: unknown, key: string, value: unknown) => unknown)
}

/** An object of JSON, no list and no number. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof WrittenNumber)
}
