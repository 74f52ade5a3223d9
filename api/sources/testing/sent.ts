import { expect } from '@jest/globals'

/** The line that a function records for a sent record, and the group, shard or item that keeps its order, if any. */
export interface Sent {
  readonly line: string
  readonly order?: string | undefined
}

/** Expects the lines of each group, shard or item in the order in which they were sent. */
export function expectOrder(lines: readonly string[], sent: readonly Sent[]): void {
  const orders = new Map(sent.map(({ line, order }) => [line, order]))
  for (const order of new Set(orders.values())) {
    const isOfIt = (line: string) => order !== undefined && orders.get(line) === order
    expect(lines.filter(isOfIt)).toEqual([...orders.keys()].filter(isOfIt))
  }
}
