import { authenticationErrors } from './authentication-errors.ts'

const basicFormat = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/** When a request says that it was signed. */
export interface RequestTime {
  /** In ISO 8601's basic format, in which it is signed: `20130524T000000Z`. */
  readonly text: string
  readonly epochMs: number
}

/** Reads the time of a request; a `Date` header may be in HTTP's format. */
export function parseRequestTime(text: string): RequestTime {
  const parts = basicFormat.exec(text)?.slice(1).map(Number)
  if (parts !== undefined) {
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    const epochMs = Date.UTC(year, month - 1, day, hour, minute, second)
    // What no calendar has, such as a 31st of June, is another time written out.
    if (basicTime(epochMs) === text) return { text, epochMs }
  }
  const epochMs = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(epochMs)) return { text: basicTime(epochMs), epochMs }
  throw authenticationErrors.incomplete(
    `Date must be in ISO-8601 'basic format'. Got '${text}'. See http://en.wikipedia.org/wiki/ISO_8601`,
  )
}

/** Epoch milliseconds in the basic format, to the second. */
export function basicTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}
