import type { Catalogue } from './catalogue.ts'
import { accountErrors } from './function-errors.ts'

/** What must stay for functions that reserve nothing, of an account that has more than that. */
const unreservedMinimum = 100
const pageSize = 500

/** The sum of what functions reserve, without one of them. */
export async function reservedConcurrency(catalogue: Pick<Catalogue, 'list'>, without?: string): Promise<number> {
  let sum = 0
  let after: string | undefined
  for (;;) {
    const page = await catalogue.list({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    for (const { name, reservedConcurrency: reserved = 0 } of page) sum += name === without ? 0 : reserved
    after = page.at(-1)?.name
    if (page.length < pageSize || after === undefined) return sum
  }
}

/** Refuses a reservation that leaves the account's other functions too little (reference 7.2). */
export function checkReservation(asked: number, reservedByOthers: number, accountConcurrency: number): void {
  if (asked > 0 && accountConcurrency - reservedByOthers - asked < unreservedMinimum) {
    throw accountErrors.unreservedTooLow(unreservedMinimum)
  }
}
