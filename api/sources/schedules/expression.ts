/** When a schedule is due, in epoch milliseconds. */
export interface Schedule {
  /** The first time after `afterMs`; undefined if there is none. */
  next(afterMs: number): number | undefined
  /** The last time after `afterMs`, up to and including `untilMs`. */
  latest(afterMs: number, untilMs: number): number | undefined
}

/**
 * Parses an expression of EventBridge, `rate(5 minutes)` or `cron(0 12 ? * MON-FRI *)`, in UTC; undefined if it is not valid. A
 * rate counts from `anchorMs`.
 */
export function parseSchedule(text: string, anchorMs: number): Schedule | undefined {
  const cron = /^cron\(([^()]+)\)$/.exec(text)?.[1]
  return cron === undefined ? parseRate(text, anchorMs) : parseCron(cron.trim().toUpperCase().split(/\s+/))
}

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const unitsMs: ReadonlyMap<string, number> = new Map([
  ['minute', minuteMs],
  ['hour', 60 * minuteMs],
  ['day', dayMs],
])

/** The unit is singular for one, else plural. */
function parseRate(text: string, anchorMs: number): Schedule | undefined {
  const [, digits = '', unit = '', plural = ''] = /^rate\((\d{1,9}) (minute|hour|day)(s?)\)$/.exec(text) ?? []
  const value = Number(digits)
  if (value === 0 || (value === 1) !== (plural === '')) return undefined
  const everyMs = value * (unitsMs.get(unit) ?? 0)
  const count = (ms: number) => Math.max(0, Math.floor((ms - anchorMs) / everyMs))
  return {
    next: (afterMs) => anchorMs + (count(afterMs) + 1) * everyMs,
    latest(afterMs, untilMs) {
      const dueMs = anchorMs + count(untilMs) * everyMs
      return dueMs > Math.max(afterMs, anchorMs) ? dueMs : undefined
    },
  }
}

interface Field {
  readonly least: number
  readonly most: number
  /** Names of the numbers from `least` on. */
  readonly names?: readonly string[]
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const fields = {
  minute: { least: 0, most: 59 },
  hour: { least: 0, most: 23 },
  day: { least: 1, most: 31 },
  month: { least: 1, most: 12, names: months },
  weekday: { least: 1, most: 7, names: weekdays },
  year: { least: 1970, most: 2199 },
} as const satisfies Record<string, Field>

/** Whether the schedule is due on this day; months and weekdays count from 1, January and Sunday. */
type IsDay = (day: number, month: number, year: number) => boolean

function parseCron(parts: readonly string[]): Schedule | undefined {
  const [minuteText = '', hourText = '', dayText = '', monthText = '', weekdayText = '', yearText = ''] = parts
  const minutes = numbersIn(minuteText, fields.minute)
  const hours = numbersIn(hourText, fields.hour)
  const inMonths = numbersIn(monthText, fields.month)
  const years = numbersIn(yearText, fields.year)
  if (parts.length !== 6 || (dayText === '?') === (weekdayText === '?')) return undefined
  const isDay = dayText === '?' ? parseWeekday(weekdayText) : parseDay(dayText)
  if (!minutes || !hours || !inMonths || !years || !isDay) return undefined
  const timesMs = hours.flatMap((hour) => minutes.map((minute) => (hour * 60 + minute) * minuteMs))
  const [monthSet, yearSet] = [new Set(inMonths), new Set(years)]
  const timesOn = (startMs: number): readonly number[] => {
    const date = new Date(startMs)
    const [month, year] = [date.getUTCMonth() + 1, date.getUTCFullYear()]
    const isDue = yearSet.has(year) && monthSet.has(month) && isDay(date.getUTCDate(), month, year)
    return isDue ? timesMs.map((ms) => startMs + ms) : []
  }
  const lastMs = Date.UTC((years.at(-1) ?? 0) + 1, 0, 1)
  return {
    next(afterMs) {
      for (let startMs = startOfDay(afterMs); startMs < lastMs; startMs += dayMs) {
        const dueMs = timesOn(startMs).find((ms) => ms > afterMs)
        if (dueMs !== undefined) return dueMs
      }
      return undefined
    },
    latest(afterMs, untilMs) {
      for (let startMs = startOfDay(Math.min(untilMs, lastMs)); startMs > afterMs - dayMs; startMs -= dayMs) {
        const dueMs = timesOn(startMs).findLast((ms) => ms <= untilMs)
        if (dueMs !== undefined) return dueMs > afterMs ? dueMs : undefined
      }
      return undefined
    },
  }
}

function startOfDay(ms: number): number {
  return Math.floor(ms / dayMs) * dayMs
}

/** The numbers that a field without the signs for days names, in order; undefined if it is not valid. */
function numbersIn(text: string, field: Field): number[] | undefined {
  const all = new Set<number>()
  for (const item of text.split(',')) {
    const some = range(item, field)
    if (some === undefined) return undefined
    for (const number of some) all.add(number)
  }
  return [...all].sort((one, other) => one - other)
}

/**
 * One item of a list: `*`, `5`, `1-5`, `22-2` across the end, each optionally with a step. A single number with a step is a
 * range to the end.
 */
function range(item: string, field: Field): number[] | undefined {
  const [, from = '', to, step] = /^([^-/]+)(?:-([^-/]+))?(?:\/(\d+))?$/.exec(item) ?? []
  const by = Number(step ?? 1)
  if (by === 0 || by > field.most || (from === '*' && to !== undefined)) return undefined
  const first = from === '*' ? field.least : numberIn(from, field)
  const last = to !== undefined ? numberIn(to, field) : from === '*' || step !== undefined ? field.most : first
  if (first === undefined || last === undefined || (last < first && field === fields.year)) return undefined
  const size = field.most - field.least + 1
  const length = last < first ? last - first + size : last - first
  const some = Array.from({ length: Math.floor(length / by) + 1 }, (_, index) => first + index * by)
  return some.map((number) => (number > field.most ? number - size : number))
}

function numberIn(text: string, { least, most, names = [] }: Field): number | undefined {
  const number = names.includes(text) ? names.indexOf(text) + least : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  return number >= least && number <= most ? number : undefined
}

const weekdayOf = (day: number, month: number, year: number) => new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1
const lastDayOf = (month: number, year: number) => new Date(Date.UTC(year, month, 0)).getUTCDate()

/** Days of the month: `L` is the last, `L-2` two before it, `15W` the weekday nearest to the 15th, `LW` the last weekday. */
function parseDay(text: string): IsDay | undefined {
  const [, before] = /^L(?:-(\d{1,2}))?$/.exec(text) ?? []
  if (text === 'L' || before !== undefined) {
    if (Number(before ?? 0) > 30) return undefined
    return (day, month, year) => day === lastDayOf(month, year) - Number(before ?? 0)
  }
  if (text.endsWith('W')) {
    const asked = text === 'LW' ? 'last' : numberIn(text.slice(0, -1), fields.day)
    if (asked === undefined) return undefined
    return (day, month, year) => day === nearestWeekday(asked, month, year)
  }
  const days = numbersIn(text, fields.day)
  return days && ((day) => days.includes(day))
}

/** Does not cross into another month; undefined if the month does not have the day. */
function nearestWeekday(asked: number | 'last', month: number, year: number): number | undefined {
  const last = lastDayOf(month, year)
  const day = asked === 'last' ? last : asked
  if (day > last) return undefined
  const weekday = weekdayOf(day, month, year)
  if (weekday === 7) return day === 1 ? 3 : day - 1
  if (weekday === 1) return day === last ? day - 2 : day + 1
  return day
}

/** Days of the week: `L` is Saturday, `6L` the last Friday of the month, `2#1` its first Monday. */
function parseWeekday(text: string): IsDay | undefined {
  const [, name = '', which] = /^([^#]+?)(L|#[1-5])$/.exec(text) ?? []
  if (which !== undefined) {
    const asked = numberIn(name, fields.weekday)
    if (asked === undefined) return undefined
    const isThere = (day: number, month: number, year: number) =>
      which === 'L' ? day + 7 > lastDayOf(month, year) : Math.ceil(day / 7) === Number(which.slice(1))
    return (...date) => weekdayOf(...date) === asked && isThere(...date)
  }
  const days = numbersIn(text === 'L' ? 'SAT' : text, fields.weekday)
  return days && ((...date) => days.includes(weekdayOf(...date)))
}
