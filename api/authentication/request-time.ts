import { authenticationErrors } from './authentication-errors.ts'

const basicFormat = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/** The time at which a request was signed, as the request states it. */
export interface RequestTime {
  /** In ISO 8601's basic format, as it is signed: `20130524T000000Z`. */
  readonly text: string
  readonly epochMs: number
}

/** Parses the time of a request. A `Date` header may be in HTTP's format. */
export function parseRequestTime(text: string): RequestTime {
  const parts = basicFormat.exec(text)?.slice(1).map(Number)
  if (parts !== undefined) {
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    const epochMs = Date.UTC(year, month - 1, day, hour, minute, second)
    // A date that does not exist, such as June 31, becomes another date and is refused.
    if (basicTime(epochMs) === text) return { text, epochMs }
  }
  const epochMs = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(epochMs)) return { text: basicTime(epochMs), epochMs }
  throw authenticationErrors.incomplete(
    `Date must be in ISO-8601 'basic format'. Got '${text}'. See http://en.wikipedia.org/wiki/ISO_8601`,
  )
}

/** Formats epoch milliseconds in the basic format, to the second. */
export function basicTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}
