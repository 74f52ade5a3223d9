/** What is known of a request before its body. */
export interface RequestHead {
  readonly method: string
  readonly path: string
  /** Names are in lower case. */
  readonly headers: ReadonlyMap<string, string>
}

/** The path of a request target, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query < 0 ? target : target.slice(0, query)
}

/** Header or trailer lines from a place in the text on; names in lower case, the last of the same name counts. */
export function readFields(text: string, from: number): Map<string, string> {
  const fields = new Map<string, string>()
  for (let start = from; start < text.length;) {
    const found = text.indexOf('\r\n', start)
    const end = found < 0 ? text.length : found
    const colon = text.indexOf(':', start)
    if (colon > start && colon < end)
      fields.set(text.slice(start, colon).toLowerCase(), text.slice(colon + 1, end).trim())
    start = end + 2
  }
  return fields
}
