import type { SignedRequest } from './signed-request.ts'

/**
 * The canonical request of AWS's Signature Version 4 (services other than S3): the path normalised and encoded once more than
 * it was sent, the query sorted and without the signature itself. Each character stands for one byte.
 */
export function canonicalRequest(
  { method, url, rawHeaders }: SignedRequest,
  signedHeaders: readonly string[],
  bodyHash: string,
): string {
  const mark = url.indexOf('?')
  const path = canonicalPath(mark < 0 ? url : url.slice(0, mark))
  const headers = canonicalHeaders(rawHeaders, signedHeaders)
  return `${method}\n${path}\n${canonicalQuery(url)}\n${headers}\n${signedHeaders.join(';')}\n${bodyHash}`
}

function canonicalPath(path: string): string {
  const isOdd = path.includes('//') || path.includes('/.')
  return (isOdd ? normalised(path) : path).replaceAll(/[^\w.~/-]/g, encodedByte)
}

/** Removes empty and dot segments; a trailing slash stays. */
function normalised(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  const end = segments.length > 0 && path.endsWith('/') ? '/' : ''
  return `/${segments.join('/')}${end}`
}

function canonicalQuery(url: string): string {
  const mark = url.indexOf('?')
  if (mark < 0 || mark === url.length - 1) return ''
  return url
    .slice(mark + 1)
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('X-Amz-Signature='))
    .map((pair) => {
      const equals = pair.indexOf('=')
      const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)]
      return [encodedOnce(name), encodedOnce(value)] as const
    })
    .sort(([name, value], [otherName, otherValue]) => order(name, otherName) || order(value, otherValue))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function order(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}

/** One line for each signed header; the values of a repeated header are joined by commas. */
function canonicalHeaders(rawHeaders: readonly string[], signed: readonly string[]): string {
  const values = new Map<string, string>()
  const names = new Set(signed)
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    if (!names.has(name)) continue
    const value = (rawHeaders[index + 1] ?? '').trim().replaceAll(/\s+/g, ' ')
    const before = values.get(name)
    values.set(name, before === undefined ? value : `${before},${value}`)
  }
  return signed.map((name) => `${name}:${values.get(name) ?? ''}\n`).join('')
}

const plain = /^[\w.~-]*$/
const encodedOrReserved = /%[0-9a-f]{2}|[^\w.~-]/gi

/** Percent-encodes everything but letters, digits and `-._~`, whether it was encoded before or not. */
function encodedOnce(text: string): string {
  if (plain.test(text)) return text
  return text.replaceAll(encodedOrReserved, (found) => {
    const letter = found.length === 3 ? String.fromCharCode(Number.parseInt(found.slice(1), 16)) : found
    return plain.test(letter) ? letter : encodedByte(letter)
  })
}

function encodedByte(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
