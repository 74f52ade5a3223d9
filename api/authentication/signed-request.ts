/** The parts of a received request that its signature covers. */
export interface SignedRequest {
  readonly method: string
  /** Path and query as sent, percent-encoded. */
  readonly url: string
  /** Names and values alternate, as received. */
  readonly rawHeaders: readonly string[]
}

/** The first value of a header; `name` in lower case. */
export function headerOf({ rawHeaders }: SignedRequest, name: string): string | undefined {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index] ?? ''
    if (candidate.length === name.length && candidate.toLowerCase() === name) return rawHeaders[index + 1]
  }
  return undefined
}

/** The decoded names and values of the query. Invalid escapes stay as they are. */
export function queryPairs(url: string): (readonly [string, string])[] {
  const mark = url.indexOf('?')
  if (mark < 0 || mark === url.length - 1) return []
  return url
    .slice(mark + 1)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      return equals < 0 ? [decoded(pair), ''] : [decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1))]
    })
}

function decoded(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
