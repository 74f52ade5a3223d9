import { expect } from '@jest/globals'

/** The line that a function records of what was sent, and the group, shard or item in which it keeps its order, if it has one. */
export interface Sent {
  readonly line: string
  readonly order?: string | undefined
}

/** In each order, the lines of what was sent are there as they were sent. */
export function expectOrder(lines: readonly string[], sent: readonly Sent[]): void {
  const orders = new Map(sent.map(({ line, order }) => [line, order]))
  for (const order of new Set(orders.values())) {
    const isOfIt = (line: string) => order !== undefined && orders.get(line) === order
    expect(lines.filter(isOfIt)).toEqual([...orders.keys()].filter(isOfIt))
  }
}
