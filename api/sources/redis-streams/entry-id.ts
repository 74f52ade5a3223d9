/** Whether the id of an entry precedes another one. Ids are `<milliseconds>-<number>`. */
export function isBefore(one: string, other: string): boolean {
  const [oneMs, oneNumber] = partsOf(one)
  const [otherMs, otherNumber] = partsOf(other)
  return oneMs < otherMs || (oneMs === otherMs && oneNumber < otherNumber)
}

function partsOf(id: string): [ms: bigint, number: bigint] {
  const [ms = '0', number = '0'] = id.split('-')
  return [BigInt(ms), BigInt(number)]
}
