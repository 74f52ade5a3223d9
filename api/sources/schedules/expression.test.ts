import { expect, test } from '@jest/globals'
import { parseSchedule } from './expression.ts'

const at = (text: string) => Date.parse(`${text}:00Z`)
const shown = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16))

/** The next times; unless given, behind a Wednesday's noon. */
function timesOf(expression: string, count: number, from: string): (string | undefined)[] {
  const schedule = parseSchedule(expression, at(from))
  const times: (string | undefined)[] = []
  let afterMs = at(from)
  for (let index = 0; index < count && schedule !== undefined; index++) {
    const next = schedule.next(afterMs)
    times.push(shown(next))
    if (next === undefined) break
    afterMs = next
  }
  return times
}

test.each<[string, (string | undefined)[], string?]>([
  ['rate(1 minute)', ['2026-07-01T12:01', '2026-07-01T12:02']],
  ['rate(5 minutes)', ['2026-07-01T12:05', '2026-07-01T12:10']],
  ['rate(1 hour)', ['2026-07-01T13:00', '2026-07-01T14:00']],
  ['rate(7 days)', ['2026-07-08T12:00', '2026-07-15T12:00']],
  ['cron(0 12 * * ? *)', ['2026-07-02T12:00', '2026-07-03T12:00']],
  ['cron(15 10 ? * * *)', ['2026-07-02T10:15', '2026-07-03T10:15']],
  ['cron(0 18 ? * MON-FRI *)', ['2026-07-01T18:00', '2026-07-02T18:00', '2026-07-03T18:00', '2026-07-06T18:00']],
  ['cron(0 18 ? * mon,wed *)', ['2026-07-01T18:00', '2026-07-06T18:00']],
  ['cron(0 8 1 * ? *)', ['2026-08-01T08:00', '2026-09-01T08:00']],
  ['cron(0/25 10-11 * * ? *)', ['2026-07-02T10:00', '2026-07-02T10:25', '2026-07-02T10:50', '2026-07-02T11:00']],
  ['cron(10-30/10 0 * * ? *)', ['2026-07-02T00:10', '2026-07-02T00:20', '2026-07-02T00:30', '2026-07-03T00:10']],
  ['cron(*/30 12 1 7 ? *)', ['2026-07-01T12:30', '2027-07-01T12:00']],
  ['cron(5,35 14 * * ? *)', ['2026-07-01T14:05', '2026-07-01T14:35', '2026-07-02T14:05']],
  ['cron(0 22-1 * * ? *)', ['2026-07-01T22:00', '2026-07-01T23:00', '2026-07-02T00:00', '2026-07-02T01:00']],
  ['cron(0 0 ? * SAT-SUN *)', ['2026-07-04T00:00', '2026-07-05T00:00', '2026-07-11T00:00']],
  ['cron(0 0 1 JAN,NOV-DEC ? *)', ['2026-11-01T00:00', '2026-12-01T00:00', '2027-01-01T00:00', '2027-11-01T00:00']],
  ['cron(0 0 1 1 ? 2028,2030-2034/2)', ['2028-01-01T00:00', '2030-01-01T00:00', '2032-01-01T00:00']],
  ['cron(0 0 1 1 ? 2025)', [undefined]],
  ['cron(0 0 29 2 ? *)', ['2028-02-29T00:00', '2032-02-29T00:00']],
  ['cron(0 0 29 2 ? *)', ['2104-02-29T00:00'], '2096-03-01T00:00'],
  ['cron(0 0 30 2 ? *)', [undefined]],
  ['cron(0 0 31 * ? *)', ['2026-07-31T00:00', '2026-08-31T00:00', '2026-10-31T00:00']],
  ['cron(0 0 L * ? *)', ['2026-07-31T00:00', '2026-08-31T00:00', '2026-09-30T00:00']],
  ['cron(0 0 L 2 ? *)', ['2027-02-28T00:00', '2028-02-29T00:00']],
  ['cron(0 0 L-2 * ? *)', ['2026-07-29T00:00', '2026-08-29T00:00', '2026-09-28T00:00']],
  ['cron(0 0 LW * ? *)', ['2026-07-31T00:00', '2026-08-31T00:00', '2026-09-30T00:00', '2026-10-30T00:00']],
  [
    'cron(0 0 15W * ? *)',
    ['2026-07-15T00:00', '2026-08-14T00:00', '2026-09-15T00:00', '2026-10-15T00:00', '2026-11-16T00:00'],
  ],
  ['cron(0 0 1W 8 ? *)', ['2026-08-03T00:00', '2027-08-02T00:00']],
  ['cron(0 0 31W 1,5 ? *)', ['2027-01-29T00:00', '2027-05-31T00:00']],
  ['cron(0 0 31W 9 ? *)', [undefined]],
  ['cron(0 0 ? * L *)', ['2026-07-04T00:00', '2026-07-11T00:00']],
  ['cron(0 0 ? * 6L *)', ['2026-07-31T00:00', '2026-08-28T00:00']],
  ['cron(0 0 ? * FRIL *)', ['2026-07-31T00:00', '2026-08-28T00:00']],
  ['cron(0 0 ? * 2#1 *)', ['2026-07-06T00:00', '2026-08-03T00:00', '2026-09-07T00:00']],
  ['cron(0 0 ? * TUE#5 *)', ['2026-09-29T00:00', '2026-12-29T00:00']],
  ['cron(0 0 ? * 1 *)', ['2026-07-05T00:00', '2026-07-12T00:00']],
])('%s is due at %j', (expression, times, from = '2026-07-01T12:00') => {
  expect(timesOf(expression, times.length, from)).toEqual(times)
})

test.each([
  '',
  'rate(5 minute)',
  'rate(1 minutes)',
  'rate(1 hours)',
  'rate(0 minutes)',
  'rate(-1 minutes)',
  'rate(1.5 hours)',
  'rate(5 seconds)',
  'rate(1 week)',
  'rate(5minutes)',
  'rate()',
  'at(2030-01-01T00:00:00)',
  '0 12 * * ? *',
  'cron(0 12 * * ?)',
  'cron(0 12 * * ? * *)',
  'cron(0 12 * * * *)',
  'cron(0 12 ? * ? *)',
  'cron(0 12 1 * MON *)',
  'cron(60 12 * * ? *)',
  'cron(0 24 * * ? *)',
  'cron(0 12 0 * ? *)',
  'cron(0 12 32 * ? *)',
  'cron(0 12 ? * 0 *)',
  'cron(0 12 ? * 8 *)',
  'cron(0 12 ? 13 MON *)',
  'cron(0 12 ? * MON 1969)',
  'cron(0 12 ? * MON 2200)',
  'cron(0 12 ? * MON 2030-2020)',
  'cron(0/0 12 * * ? *)',
  'cron(0/60 12 * * ? *)',
  'cron(? 12 * * ? *)',
  'cron(1,,2 12 * * ? *)',
  'cron(1- 12 * * ? *)',
  'cron(*-5 12 * * ? *)',
  'cron(0 12 1,L * ? *)',
  'cron(0 12 1-5W * ? *)',
  'cron(0 12 W * ? *)',
  'cron(0 12 32W * ? *)',
  'cron(0 12 ? * 3#1,6#3 *)',
  'cron(0 12 ? * 3#6 *)',
  'cron(0 12 ? * #1 *)',
  'cron(0 12 ? * MOO *)',
  'cron(0 12 ? FOO MON *)',
  'cron(L 12 * * ? *)',
])('%j is no schedule', (expression) => {
  expect(parseSchedule(expression, 0)).toBeUndefined()
})

test.each([
  ['cron(0 12 * * ? *)', '2026-07-01T11:00', '2026-07-05T13:00', '2026-07-05T12:00'],
  ['cron(0 12 * * ? *)', '2026-07-05T12:00', '2026-07-05T13:00', undefined],
  ['cron(0 12 * * ? *)', '2026-07-05T11:59', '2026-07-05T12:00', '2026-07-05T12:00'],
  ['cron(0 12 * * ? *)', '2026-07-05T12:00', '2026-07-06T11:59', undefined],
  ['cron(0 12 31 12 ? 2020)', '2019-01-01T00:00', '2026-07-06T11:59', '2020-12-31T12:00'],
  ['cron(0 12 31 12 ? 2020)', '2021-01-01T00:00', '2026-07-06T11:59', undefined],
  ['rate(2 hours)', '2026-07-01T00:00', '2026-07-01T01:59', undefined],
  ['rate(2 hours)', '2026-07-01T00:00', '2026-07-01T09:00', '2026-07-01T08:00'],
  ['rate(2 hours)', '2026-07-01T08:00', '2026-07-01T09:00', undefined],
  ['rate(2 hours)', '1970-01-01T00:00', '2026-07-01T01:00', undefined],
])('of %s the latest between %s and %s is %s', (expression, after, until, latest) => {
  expect(shown(parseSchedule(expression, at('2026-07-01T00:00'))?.latest(at(after), at(until)))).toBe(latest)
})
