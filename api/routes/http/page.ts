import { invalidMarker } from '../../functions/function/errors.ts'

/** The members of a list request that select its page. */
export interface PageMembers {
  readonly Marker?: string
  readonly MaxItems?: number
}

/** One page of a list, and the marker of the next when there is more. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextMarker: string | undefined
}

/** The page size of a list request: at most 50 if AWS has no other limit. */
export function pageLimit({ MaxItems }: PageMembers, largestPage = 50): number {
  return Math.min(MaxItems ?? largestPage, largestPage)
}

/** The key of the last item of the page before; undefined for the first page. */
export function keyBefore({ Marker = '' }: PageMembers): string | undefined {
  if (Marker === '') return undefined
  const key = Buffer.from(Marker, 'base64url').toString()
  if (key === '' || markerOf(key) !== Marker) throw invalidMarker()
  return key
}

/** Makes a page of the candidates, of which there is one more than the limit if another page follows. */
export function pageOf<Item>(candidates: readonly Item[], limit: number, keyOf: (item: Item) => string): Page<Item> {
  const items = candidates.slice(0, limit)
  const last = items.at(-1)
  const hasMore = candidates.length > limit && last !== undefined
  return { items, nextMarker: hasMore ? markerOf(keyOf(last)) : undefined }
}

function markerOf(key: string): string {
  return Buffer.from(key).toString('base64url')
}
