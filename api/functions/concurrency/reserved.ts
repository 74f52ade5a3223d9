import type { Catalogue } from '../catalogue/catalogue.ts'
import { accountErrors } from '../function/errors.ts'
import type { FunctionRecord } from '../function/function.ts'
import { provisionedSum } from './provisioned.ts'
import { provisionedErrors } from './errors.ts'

/** The concurrency that must stay unreserved, for accounts that have more. */
const unreservedMinimum = 100
const pageSize = 500

/** The concurrency committed to a function: what it reserves, else what it has provisioned (reference 7.1). */
export function committedConcurrency(record: FunctionRecord): number {
  return record.reservedConcurrency ?? provisionedSum(record)
}

/** The concurrency committed to all functions but one. */
export async function reservedConcurrency(catalogue: Pick<Catalogue, 'list'>, without?: string): Promise<number> {
  let sum = 0
  let after: string | undefined
  for (;;) {
    const page = await catalogue.list({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    for (const record of page) sum += record.name === without ? 0 : committedConcurrency(record)
    after = page.at(-1)?.name
    if (page.length < pageSize || after === undefined) return sum
  }
}

/**
 * Refuses a reservation that leaves too little for other functions, or for the function's own provisioned environments
 * (reference 7.2).
 */
export function checkReservation(
  asked: number,
  reservedByOthers: number,
  accountConcurrency: number,
  provisioned: number,
): void {
  if (asked < provisioned) throw provisionedErrors.reservedBelowProvisioned(asked, provisioned)
  if (asked > 0 && accountConcurrency - reservedByOthers - asked < unreservedMinimum) {
    throw accountErrors.unreservedTooLow(unreservedMinimum)
  }
}

/** Refuses to provision more than the unreserved concurrency allows (reference 7.3). */
export function checkProvisioned(asked: number, committedByOthers: number, accountConcurrency: number): void {
  const unreserved = accountConcurrency - committedByOthers
  if (asked > unreserved) throw provisionedErrors.aboveUnreserved(unreserved)
  if (unreserved - asked < unreservedMinimum) throw provisionedErrors.unreservedTooLow(unreservedMinimum)
}
